import {
  dateTime,
  observation,
  property,
  refDevice,
  reject,
  states,
  type AttributeTable,
  type Device,
  type Entity,
  type Outcome,
  type Reading,
  type Rejection,
} from '#core';

/** Environment/WaterObserved: attribute and UN/CEFACT code. */
const water: AttributeTable = {
  waterLevel: ['waterLevel', 'MTR'],
  flow: ['flow', 'MQS'],
  waveHeight: ['swellHeight', 'MTR'],
  wavePeriod: ['swellPeriod', 'SEC'],
  waveDirection: ['swellDirection', 'DD'],
};

/** WaterQuality/WaterQualityObserved: WaterObserved has no attribute for the water itself. */
const waterQuality: AttributeTable = {
  waterTemperature: ['temperature', 'CEL'],
  conductivity: ['conductivity', 'D10'],
  pH: ['pH', 'Q30'],
  dissolvedOxygen: ['O2', 'M1'],
  orp: ['orp', '2Z'],
  turbidity: ['turbidity', 'NTU'],
  chlorophyll: ['Chla', 'H29'],
};

/** Housing temperature of the sensor: no attribute, and no news of the river. */
const unpublished = ['airTemperature', 'probeTemperature'];

export const quantities: ReadonlySet<string> = new Set(['distance', ...Object.keys(water), ...Object.keys(waterQuality), ...unpublished]);

/**
 * States per moment; waterLevel = datum − distance (both metres), where datum is the sensor's height above gauge zero.
 * Refuses `missing_datum` and `unmapped_quantity`; a level below gauge zero is refused by the model check.
 */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  const rejections: Rejection[] = [];
  const leveled: Reading[] = [];
  for (const reading of readings) {
    if (reading.quantity !== 'distance') leveled.push(reading);
    else if (device.datum === undefined) {
      const message = `device "${device.id}" measures the distance to the water; set its datum (height of the sensor above gauge zero, metres) in the device registry`;
      rejections.push(reject('map', 'missing_datum', message));
    } else leveled.push({ ...reading, quantity: 'waterLevel', value: Number((device.datum - reading.value).toFixed(4)) });
  }
  const outcome = states(leveled, quantities, device, (observedAt, moment) => [
    ...observation('WaterObserved', device, observedAt, moment, water, {
      dateObserved: dateTime(observedAt),
      refDevice: refDevice(device),
    }),
    // dateObserved is a free text in this model, unlike in WaterObserved.
    ...observation('WaterQualityObserved', device, observedAt, moment, waterQuality, { dateObserved: property(observedAt) }),
  ]);
  return { values: outcome.values, rejections: [...rejections, ...outcome.rejections] };
}
