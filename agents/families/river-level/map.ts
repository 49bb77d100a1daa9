import {
  byMoment,
  dateTime,
  deviceUrn,
  observation,
  property,
  reject,
  relationship,
  unmapped,
  type AttributeTable,
  type Device,
  type Entity,
  type Outcome,
  type Reading,
} from '#core';

/** Environment/WaterObserved: attribute and UN/CEFACT code. */
const water: AttributeTable = { waterLevel: ['waterLevel', 'MTR'], flow: ['flow', 'MQS'] };

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
const unpublished = ['airTemperature'];

export const quantities: readonly string[] = ['distance', ...Object.keys(water), ...Object.keys(waterQuality), ...unpublished];
const known = new Set(quantities);

/**
 * States per moment; waterLevel = datum − distance (both metres), where datum is the sensor's height above gauge zero.
 * Refuses `missing_datum` and `unmapped_quantity`; a level below gauge zero is refused by the model check.
 */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  const outcome: Outcome<Entity> = { values: [], rejections: unmapped(readings, known, device) };
  for (const [observedAt, moment] of byMoment(readings)) {
    const leveled: Reading[] = [];
    for (const reading of moment) {
      if (reading.quantity !== 'distance') leveled.push(reading);
      else if (device.datum === undefined) {
        const message = `device "${device.id}" measures the distance to the water; set its datum (height of the sensor above gauge zero, metres) in the device registry`;
        outcome.rejections.push(reject('map', 'missing_datum', message));
      } else leveled.push({ ...reading, quantity: 'waterLevel', value: Number((device.datum - reading.value).toFixed(4)) });
    }
    const level = leveled.filter(({ quantity }) => Object.hasOwn(water, quantity));
    if (level.length > 0) {
      outcome.values.push({
        ...observation('WaterObserved', device, observedAt, level, water),
        dateObserved: dateTime(observedAt),
        refDevice: relationship(deviceUrn(device)),
      });
    }
    const quality = leveled.filter(({ quantity }) => Object.hasOwn(waterQuality, quantity));
    if (quality.length > 0) {
      outcome.values.push({
        ...observation('WaterQualityObserved', device, observedAt, quality, waterQuality),
        // A free text in this model, unlike in WaterObserved.
        dateObserved: property(observedAt),
      });
    }
  }
  return outcome;
}
