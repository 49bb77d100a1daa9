import {
  accepted,
  err,
  numberOf,
  ok,
  plainName,
  pointOf,
  refused,
  reject,
  requiredTexts,
  secondsAfter,
  textOf,
  type DatasetFile,
  type Outcome,
  type Rejection,
  type Result,
  type Row,
} from '#core';
import { dataset } from './dataset.ts';
import type { CounterRecord } from './record.ts';
import { endOfPeriod } from './time.ts';

/** The source gives rates per hour out of counts in five minutes. */
const periodSeconds = 300;
const periodsPerHour = 12;
/** What stands where no gap could be measured. */
const noGap = 999.9;

type Values = Pick<CounterRecord, 'intensity' | 'occupancy' | 'averageVehicleSpeed' | 'averageHeadwayTime'>;

/** One direction or lane of a counter. A value that is none is refused alone. */
export function decode(row: Row, file: DatasetFile): Outcome<CounterRecord> {
  const texts = requiredTexts(row, 'id', 'stevci_lokacijaOpis', 'stevci_stat');
  if (!texts.ok) return refused(texts.error);
  const [station, place, state] = texts.value;
  if (!/^[0-6]$/.test(state)) {
    return refused(reject('decode', 'invalid_value', `stevci_stat is "${state}"; expected a state from 0 to 6`, '/stevci_stat'));
  }
  // Its zeros are no counts then; such rows keep the date of their last data for months.
  if (state === '0') return refused(reject('decode', 'no_measurement', `counter ${station} has no data (stevci_stat 0)`, '/stevci_stat'));
  const observedAt = endOfPeriod(row, file);
  if (!observedAt.ok) return refused(observedAt.error);
  const location = pointOf(row, dataset.crs);
  if (!location.ok) return refused(location.error);

  const { values, rejections } = measure(row);
  const [way, lane] = [textOf(row, 'stevci_smerOpis'), textOf(row, 'stevci_pasOpis')];
  const laneDirection = directionOf(textOf(row, 'stevci_smer'), way);
  return {
    ...accepted({
      station,
      name: plainName([place, [way, lane].filter((word) => word !== undefined).join(' ')].filter((word) => word !== '').join(': ')),
      observedAt: observedAt.value,
      observedFrom: secondsAfter(observedAt.value, -periodSeconds),
      location: location.value,
      ...(laneDirection !== undefined && { laneDirection }),
      congested: state === '5',
      ...values,
    }),
    rejections,
  };
}

/** Speed and gap are means over vehicles: without a vehicle there are none, and 0 would be a standing column. */
function measure(row: Row): { values: Values; rejections: Rejection[] } {
  const rejections: Rejection[] = [];
  const number = (value: Result<number | undefined>): number | undefined => {
    if (value.ok) return value.value;
    rejections.push(value.error);
    return undefined;
  };
  const intensity = number(countOf(row));
  const perMille = number(numberOf(row, 'stevci_occ'));
  const speed = number(numberOf(row, 'stevci_hit'));
  const gap = number(numberOf(row, 'stevci_gap'));
  const hasVehicles = intensity !== undefined && intensity > 0;
  return {
    values: {
      ...(intensity !== undefined && { intensity }),
      ...(perMille !== undefined && { occupancy: perMille / 1000 }),
      ...(hasVehicles && speed !== undefined && { averageVehicleSpeed: speed }),
      ...(hasVehicles && gap !== undefined && gap !== noGap && { averageHeadwayTime: gap }),
    },
    rejections,
  };
}

/** Vehicles in the period, out of the rate per hour. A rate that is no whole number of vehicles comes from another period than we know of. */
function countOf(row: Row): Result<number | undefined> {
  const rate = numberOf(row, 'stevci_stev');
  if (!rate.ok || rate.value === undefined) return rate;
  if (rate.value % periodsPerHour === 0) return ok(rate.value / periodsPerHour);
  const message = `stevci_stev is ${rate.value} vehicles/h, which is no whole number of vehicles in five minutes; expected a multiple of ${periodsPerHour}`;
  return err(reject('decode', 'invalid_value', message, '/stevci_stev'));
}

/** The first digit of the direction code. At junctions 21 and 22 are the ways in and out, which have no direction along the road. */
function directionOf(code: string | undefined, way: string | undefined): CounterRecord['laneDirection'] {
  if (code === undefined || /^(?:izvoz|uvoz)\b/i.test(way ?? '')) return undefined;
  if (/^1\d$/.test(code)) return 'forward';
  return /^2\d$/.test(code) ? 'backward' : undefined;
}
