import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Elektrodistribucija Slovenije (Moj elektro), Informatika d.o.o.',
  landingPage: 'https://mojelektro.si/',
  // The quantity is A+ in 15 minutes, the energy that was taken.
  url: 'https://api.informatika.si/mojelektro/v1/meter-readings?usagePoint={station}&startTime={from}&endTime={to}&option=ReadingType%3D32.0.2.4.1.2.12.0.0.0.0.0.0.0.0.3.72.0',
  licence: 'no open data: readings belong to the holder of the usage point, who gives the token',
  attribution: 'Moj elektro',
  timezone: 'Europe/Ljubljana',
  crs: 'EPSG:4326',
} as const satisfies Adapter['dataset'];
