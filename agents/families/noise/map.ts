import {
  observation,
  observedPeriod,
  periodStart,
  refDevice,
  states,
  type AttributeTable,
  type Device,
  type Entity,
  type Outcome,
  type Reading,
} from '#core';

/** Environment/NoiseLevelObserved: attribute and UN/CEFACT code. Recommendation 20 has no dB(A). */
const attributes: AttributeTable = {
  LAeq: ['LAeq', '2N'],
  LAmax: ['LAmax', '2N'],
  LAS: ['LAS', '2N'],
  LAeqDay: ['LAeq_d', '2N'],
};

/** The model has no attribute for other levels, for one whose weighting is not known, and for the climate of the microphone. */
const unpublished = ['LAmin', 'LAF', 'LA10', 'LA50', 'LA90', 'soundLevel', 'soundLevelPeak', 'airTemperature', 'relativeHumidity'];

export const quantities: ReadonlySet<string> = new Set([...Object.keys(attributes), ...unpublished]);

/** One NoiseLevelObserved state per moment. Its period is mandatory: where neither device nor registry tells it, it is the moment itself. */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  return states(readings, quantities, device, (observedAt, moment) =>
    observation('NoiseLevelObserved', device, observedAt, moment, attributes, {
      ...observedPeriod(periodStart(moment, observedAt, device) ?? observedAt, observedAt),
      refDevice: refDevice(device),
    }),
  );
}
