import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Javno podjetje Ljubljanska parkirišča in tržnice (LPT)',
  landingPage: 'https://www.lpt.si/parkirisca',
  // Car parks and their free places in one file; LPT itself has them in two.
  url: 'https://opendata.si/promet/parkirisca/lpt/',
  licence: 'not stated by the publisher; the source must be named',
  attribution: 'JP LPT d.o.o., opendata.si',
  timezone: 'Europe/Ljubljana',
  crs: 'EPSG:3912',
} as const satisfies Adapter['dataset'];
