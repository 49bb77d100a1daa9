import { accepted, numberOf, refused, reject, requiredTexts, textOf, type Outcome, type Rejection, type Result, type Row } from '#core';
import { clock, code, known, whole, words } from './fields.ts';
import type { GtfsRecord } from './record.ts';
import { both } from './services.ts';

const kinds = ['0', '1', '2', '3'];

export function trip(row: Row): Outcome<GtfsRecord> {
  const texts = requiredTexts(row, 'trip_id', 'route_id', 'service_id');
  if (!texts.ok) return refused(texts.error);
  const [id, route, service] = texts.value;
  const rejections: Rejection[] = [];
  const shape = textOf(row, 'shape_id');
  // Codes of a trip are numbers in the model, those of a stop texts.
  const number = (column: string, codes: readonly string[]): number | undefined => {
    const found = kept(code(row, column, codes), rejections);
    return found === undefined ? undefined : Number(found);
  };
  const values = known({
    headSign: words(row, 'trip_headsign'),
    shortName: words(row, 'trip_short_name'),
    block: words(row, 'block_id'),
    direction: number('direction_id', ['0', '1']),
    wheelChairAccessible: number('wheelchair_accessible', ['0', '1', '2']),
    bikesAllowed: number('bikes_allowed', ['0', '1', '2']),
  });
  const links = {
    hasRoute: { type: 'GtfsRoute' as const, id: route },
    hasService: { type: 'GtfsService' as const, id: service },
    ...(shape !== undefined && { hasShape: { type: 'GtfsShape' as const, id: shape } }),
  };
  return { ...accepted({ type: 'GtfsTrip' as const, id, values, links }), rejections };
}

/** A call of a trip at a stop. Where only one of the times is given, the vehicle does not wait; without both it is no time of a timetable. */
export function stopTime(row: Row): Outcome<GtfsRecord> {
  const texts = requiredTexts(row, 'trip_id', 'stop_id');
  if (!texts.ok) return refused(texts.error);
  const [tripId, stop] = texts.value;
  const sequence = whole(row, 'stop_sequence', 0);
  const times = both(clock(row, 'arrival_time'), clock(row, 'departure_time'));
  if (!sequence.ok) return refused(sequence.error);
  if (!times.ok) return refused(times.error);
  const [arrival, departure] = times.value;
  const arrivalTime = arrival ?? departure;
  const departureTime = departure ?? arrival;
  if (arrivalTime === undefined || departureTime === undefined) {
    const message = `trip ${tripId} has no time at stop ${stop}; only calls with a time are published`;
    return refused(reject('decode', 'missing_field', message, '/arrival_time'));
  }
  const rejections: Rejection[] = [];
  const distance = kept(numberOf(row, 'shape_dist_traveled'), rejections);
  const values = known({
    arrivalTime,
    departureTime,
    // The model counts from 1.
    stopSequence: sequence.value + (textOf(row, '@from') === '0' ? 1 : 0),
    stopHeadsign: words(row, 'stop_headsign'),
    pickupType: kept(code(row, 'pickup_type', kinds), rejections),
    dropOffType: kept(code(row, 'drop_off_type', kinds), rejections),
    timepoint: kept(code(row, 'timepoint', ['0', '1']), rejections),
    distanceTravelled: distance !== undefined && distance >= 0 ? distance : undefined,
  });
  const links = { hasTrip: { type: 'GtfsTrip' as const, id: tripId }, hasStop: { type: 'GtfsStop' as const, id: stop } };
  return { ...accepted({ type: 'GtfsStopTime' as const, id: `${tripId}:${sequence.value}`, values, links }), rejections };
}

export function transfer(row: Row): Outcome<GtfsRecord> {
  const texts = requiredTexts(row, 'from_stop_id', 'to_stop_id');
  if (!texts.ok) return refused(texts.error);
  const [from, to] = texts.value;
  const rejections: Rejection[] = [];
  const transferType = code(row, 'transfer_type', kinds);
  if (!transferType.ok) return refused(transferType.error);
  const least = textOf(row, 'min_transfer_time') === undefined ? undefined : kept(whole(row, 'min_transfer_time', 1), rejections);
  const links = { hasOrigin: { type: 'GtfsStop' as const, id: from }, hasDestination: { type: 'GtfsStop' as const, id: to } };
  const values = known({ transferType: transferType.value ?? '0', minimumTransferTime: least });
  return { ...accepted({ type: 'GtfsTransferRule' as const, id: `${from}:${to}`, values, links }), rejections };
}

function kept<T>(result: Result<T>, rejections: Rejection[]): T | undefined {
  if (result.ok) return result.value;
  rejections.push(result.error);
  return undefined;
}
