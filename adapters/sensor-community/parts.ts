import { textOf, type Row } from '#core';

/** One measurement of one sensor, as the interface and the archive both have it. */
export interface Parts {
  readonly sensor: string | undefined;
  /** `SDS011`, `BME280`, … */
  readonly type: string | undefined;
  readonly place: Row;
  readonly indoor: string | undefined;
  /** Values by their name: `P1`, `temperature`. */
  readonly values: Row;
}

/** The members of a measurement of the interface, which nest, or the cells of a line of the archive. */
export function partsOf(row: Row): Parts {
  if (!Array.isArray(row['sensordatavalues'])) {
    const place = { lat: row['lat'], lon: row['lon'] };
    return { sensor: textOf(row, 'sensor_id'), type: textOf(row, 'sensor_type'), place, indoor: undefined, values: row };
  }
  const sensor = objectOf(row['sensor']);
  const location = objectOf(row['location']);
  const pairs = row['sensordatavalues'].map((entry: unknown) => objectOf(entry));
  return {
    sensor: textOf(sensor, 'id'),
    type: textOf(objectOf(sensor['sensor_type']), 'name'),
    place: { lat: location['latitude'], lon: location['longitude'] },
    indoor: textOf(location, 'indoor'),
    values: Object.fromEntries(pairs.map((pair) => [textOf(pair, 'value_type') ?? '', pair['value']])),
  };
}

/** As the archive names its files: `sds011_sensor_5331`. */
export function keyOf(row: Row): string | undefined {
  const { sensor, type } = partsOf(row);
  return sensor === undefined || type === undefined ? undefined : `${type.toLowerCase()}_sensor_${sensor}`;
}

function objectOf(value: unknown): Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : {};
}
