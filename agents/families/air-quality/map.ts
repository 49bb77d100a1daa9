import {
  airQuality,
  dateTime,
  observation,
  pollutantsWithoutAttribute,
  refDevice,
  reject,
  states,
  withWholeIndex,
  type Device,
  type Entity,
  type Outcome,
  type Reading,
} from '#core';

/** Weather for which the model has no attribute. */
const unpublished = [...pollutantsWithoutAttribute, 'dewPoint', 'feelsLikeTemperature', 'illuminance'];

export const quantities: ReadonlySet<string> = new Set([...Object.keys(airQuality), ...unpublished]);

/**
 * One AirQualityObserved state per moment. Refuses `unmapped_quantity` for what is no air quality, and `out_of_model_bounds` for a wind
 * direction that is none: counted from −180 it would look like one.
 */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  const impossible = readings.find(isNoDirection);
  const clear = impossible === undefined ? readings : readings.filter((reading) => !isNoDirection(reading));
  const { values, rejections } = states(clear, quantities, device, (observedAt, moment) =>
    observation('AirQualityObserved', device, observedAt, moment.map(asModelled), airQuality, {
      dateObserved: dateTime(observedAt),
      refDevice: refDevice(device),
    }),
  );
  if (impossible === undefined) return { values, rejections };
  const message = `device "${device.id}" gives the wind direction as ${impossible.value}°; expected 0 to 360`;
  return { values, rejections: [...rejections, reject('map', 'out_of_model_bounds', message)] };
}

function isNoDirection({ quantity, value }: Reading): boolean {
  return quantity === 'windDirection' && !(value >= 0 && value <= 360);
}

/** The model counts wind direction from −180 to 180, sensors from 0 to 360; its index is whole. */
function asModelled(reading: Reading): Reading {
  if (reading.quantity === 'windDirection' && reading.value > 180) return { ...reading, value: reading.value - 360 };
  return withWholeIndex(reading);
}
