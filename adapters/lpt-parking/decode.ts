import {
  accepted,
  coordinatesOf,
  err,
  localInstant,
  numberOf,
  ok,
  plainName,
  refused,
  reject,
  requiredTexts,
  textOf,
  toWgs84,
  type Outcome,
  type Rejection,
  type Result,
  type Row,
} from '#core';
import { dataset } from './dataset.ts';
import type { ParkingRecord } from './record.ts';

/** One car park. What cannot be true of its places is refused alone. */
export function decode(row: Row): Outcome<ParkingRecord> {
  const texts = requiredTexts(row, 'ID_Parkirisca', 'Ime');
  if (!texts.ok) return refused(texts.error);
  const [site, name] = texts.value;
  // X is east and Y is north, in metres of D48.
  const place = coordinatesOf(row, 'KoordinataX', 'KoordinataY');
  if (!place.ok) return refused(place.error);
  if (place.value === undefined)
    return refused(reject('decode', 'missing_location', `car park ${site} has no coordinates`, '/KoordinataX'));
  const rejections: Rejection[] = [];
  const take = <T>(result: Result<T | undefined>): T | undefined => {
    if (result.ok) return result.value;
    rejections.push(result.error);
    return undefined;
  };
  const totalSpots = take(totalOf(row));
  const free = take(freeOf(row, totalSpots));
  const openingHours = plainName(textOf(row, 'U_splosno') ?? textOf(row, 'U_delovnik') ?? '');
  const record = {
    site,
    name: plainName(name),
    location: toWgs84(...place.value, dataset.crs),
    ...(totalSpots !== undefined && { totalSpots }),
    ...(openingHours !== '' && { openingHours }),
    ...(free !== undefined && { free }),
  };
  return { ...accepted(record), rejections };
}

function totalOf(row: Row): Result<number | undefined> {
  const total = numberOf(row, 'St_mest');
  if (!total.ok || total.value === undefined || (Number.isInteger(total.value) && total.value > 0)) return total;
  return err(reject('decode', 'invalid_value', `St_mest is ${total.value}; expected a number of places, 1 or more`, '/St_mest'));
}

/** `zasedenost` (occupancy) holds the free places for those who stay briefly; its counter drifts below 0 and above what there is. */
function freeOf(row: Row, total: number | undefined): Result<ParkingRecord['free']> {
  const occupancy = row['zasedenost'];
  if (typeof occupancy !== 'object' || occupancy === null || Array.isArray(occupancy)) return ok(undefined);
  const spots = numberOf(occupancy as Row, 'P_kratkotrajniki');
  if (!spots.ok || spots.value === undefined) return spots.ok ? ok(undefined) : spots;
  if (!Number.isInteger(spots.value) || spots.value < 0 || (total !== undefined && spots.value > total)) {
    const message = `P_kratkotrajniki is ${spots.value}; expected free places from 0 to ${total ?? 'what there is'}: the counter has drifted`;
    return err(reject('decode', 'invalid_value', message, '/zasedenost/P_kratkotrajniki'));
  }
  const observedAt = localInstant(textOf(occupancy as Row, 'Cas') ?? '', dataset.timezone, '/zasedenost/Cas');
  return observedAt.ok ? ok({ spots: spots.value, observedAt: observedAt.value }) : observedAt;
}
