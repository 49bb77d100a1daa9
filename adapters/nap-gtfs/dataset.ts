import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Ministrstvo za infrastrukturo (IJPP), prek Nacionalne točke dostopa (NAP)',
  landingPage: 'https://www.nap.si/',
  url: 'https://b2b.nap.si/data/b2b.gtfs',
  licence: 'terms of use of the National Access Point, with the source named; each source is approved in the account',
  attribution: 'Nacionalna točka dostopa, nap.si',
  timezone: 'Europe/Ljubljana',
  crs: 'EPSG:4326',
} as const satisfies Adapter['dataset'];

/** Idrija, Cerkno and the roads to Logatec and Tolmin: west, south, east, north. */
export const area = [13.75, 45.9, 14.2, 46.2] as const;
