import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Direkcija RS za infrastrukturo (DRSI) in DARS, prek Nacionalne točke dostopa (NAP)',
  landingPage: 'https://www.nap.si/',
  url: 'https://b2b.nap.si/data/b2b.counters.geojson.sl_SI',
  licence: 'terms of use of the National Access Point, with the source named; each source is approved in the account',
  attribution: 'Nacionalna točka dostopa, nap.si',
  timezone: 'Europe/Ljubljana',
  crs: 'EPSG:3912',
} as const satisfies Adapter['dataset'];
