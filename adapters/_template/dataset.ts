import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Name of the publisher',
  landingPage: 'https://data.example/__name__',
  url: 'https://data.example/__name__.xml',
  licence: 'CC BY 4.0',
  attribution: 'Name of the publisher',
  timezone: 'Europe/Ljubljana',
  crs: 'EPSG:4326',
} as const satisfies Adapter['dataset'];
