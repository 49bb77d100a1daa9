import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Eco-Counter (Eco-Compteur SAS)',
  landingPage: 'https://www.eco-counter.com/',
  url: 'https://apieco.eco-counter-tools.com/api/1.0/data/site/{station}?begin={from}&end={to}T23:59:59&step=hour',
  licence: 'data of the owner of the counters, who gives the token',
  attribution: 'Eco-Counter',
  timezone: 'Europe/Ljubljana',
  crs: 'EPSG:4326',
} as const satisfies Adapter['dataset'];
