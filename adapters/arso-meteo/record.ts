import { stationSchema, type StationRecord } from '#core';

/**
 * Attribute of WeatherObserved ← column of the source, with the unit that the file must state and the divisor into the model's unit.
 * `x_state` other than 0 marks a value as doubtful. Not read: `msl` (pressure reduced to sea level), means and extremes of the interval,
 * the words and icons of the wind.
 */
export const quantities = [
  { attribute: 'temperature', column: 't', state: 't_state', unitColumn: 't_var_unit', unit: '°C', divisor: 1, unitCode: 'CEL' },
  { attribute: 'dewPoint', column: 'td', state: 'td_state', unitColumn: 'td_var_unit', unit: '°C', divisor: 1, unitCode: 'CEL' },
  { attribute: 'relativeHumidity', column: 'rh', state: 'rh_state', unitColumn: 'rh_var_unit', unit: '%', divisor: 100, unitCode: 'C62' },
  { attribute: 'windDirection', column: 'dd_val', state: 'dd_state', unitColumn: 'dd_var_unit', unit: '°', divisor: 1, unitCode: 'DD' },
  { attribute: 'windSpeed', column: 'ff_val', state: 'ff_state', unitColumn: 'ff_var_unit', unit: 'm/s', divisor: 1, unitCode: 'MTS' },
  {
    attribute: 'gustSpeed',
    column: 'ffmax_val',
    state: 'ffmax_state',
    unitColumn: 'ffmax_var_unit',
    unit: 'm/s',
    divisor: 1,
    unitCode: 'MTS',
  },
  { attribute: 'atmosphericPressure', column: 'p', state: 'p_state', unitColumn: 'p_var_unit', unit: 'hPa', divisor: 1, unitCode: 'A97' },
  { attribute: 'precipitation', column: 'rr_val', state: 'rr_state', unitColumn: 'rr_var_unit', unit: 'mm', divisor: 1, unitCode: 'MMT' },
  { attribute: 'snowHeight', column: 'snow', state: 'snow_state', unitColumn: 'snow_var_unit', unit: 'cm', divisor: 1, unitCode: 'CMT' },
  {
    attribute: 'solarRadiation',
    column: 'gSunRad',
    state: 'gSunRad_state',
    unitColumn: 'gSunRad_var_unit',
    unit: 'W/m2',
    divisor: 1,
    unitCode: 'D54',
  },
  {
    attribute: 'diffuseIrradiation',
    column: 'diffSunRad',
    state: 'diffSunRad_state',
    unitColumn: 'diffSunRad_var_unit',
    unit: 'W/m2',
    divisor: 1,
    unitCode: 'D54',
  },
  { attribute: 'visibility', column: 'vis_val', state: 'vis_state', unitColumn: 'vis_unit', unit: 'km', divisor: 0.001, unitCode: 'MTR' },
] as const;

export type Attribute = (typeof quantities)[number]['attribute'];

export interface Value {
  /** In the unit of the model: °C, 0..1, degrees, m/s, hPa, mm, cm, W/m², m. */
  readonly value: number;
  readonly suspect?: true;
}

/** One observation of one weather station (`domain_meteosiId`, e.g. IDRIJA_CISTI-NAP_); `observedAt` is the end of its interval. */
export interface MeteoRecord extends StationRecord {
  /** Length of the interval that the precipitation is the sum of: 10 minutes at some stations, 30 at others. */
  readonly intervalMinutes?: number;
  readonly values: { readonly [A in Attribute]?: Value };
}

const value = {
  type: 'object',
  properties: { value: { type: 'number' }, suspect: { const: true } },
  required: ['value'],
  additionalProperties: false,
};

export const recordSchema = stationSchema(
  {
    values: {
      type: 'object',
      properties: Object.fromEntries(quantities.map(({ attribute }) => [attribute, value])),
      minProperties: 1,
      additionalProperties: false,
    },
  },
  { intervalMinutes: { type: 'number', exclusiveMinimum: 0 } },
);
