import type { Adapter } from '#core';

export const dataset = {
  publisher: 'sensor.community',
  landingPage: 'https://sensor.community/',
  // All sensors within 25 km of Idrija, each with what it measured in the last five minutes.
  url: 'https://data.sensor.community/airrohr/v1/filter/area=46.0025,14.0277,25',
  licence: 'Database Contents License (DbCL) 1.0',
  attribution: 'sensor.community contributors',
  timezone: 'UTC',
  crs: 'EPSG:4326',
} as const satisfies Adapter['dataset'];
