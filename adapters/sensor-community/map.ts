import { accepted, airQuality, stationState, type AttributeTable, type Entity, type Outcome, type StationValues } from '#core';
import { dataset } from './dataset.ts';

/** What a sensor measures beside particles. */
const weather: AttributeTable = {
  airTemperature: ['temperature', 'CEL'],
  relativeHumidity: ['relativeHumidity', 'C62'],
  atmosphericPressure: ['atmosphericPressure', 'A97'],
};

/** A sensor of the air is an AirQualityObserved, one that measures only the weather a WeatherObserved. */
export function map(record: StationValues): Outcome<Entity> {
  const isAir = Object.keys(record.values).some((quantity) => Object.hasOwn(airQuality, quantity) && !Object.hasOwn(weather, quantity));
  const [type, table] = isAir ? ['AirQualityObserved', airQuality] : ['WeatherObserved', weather];
  return accepted(...stationState(type, 'sensor-community', record, dataset, table));
}
