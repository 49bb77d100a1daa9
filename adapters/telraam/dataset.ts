import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Telraam (Rear Window BV)',
  landingPage: 'https://telraam.net/',
  url: 'https://telraam-api.net/v1/reports/traffic',
  licence: 'CC BY-NC 4.0; other use by agreement with Telraam',
  attribution: 'Telraam',
  timezone: 'UTC',
  crs: 'EPSG:4326',
} as const satisfies Adapter['dataset'];
