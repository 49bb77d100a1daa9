import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Geodetska uprava Republike Slovenije (GURS)',
  landingPage: 'https://ipi.eprostor.gov.si/jgp/data',
  // A daily copy of the register; the publisher itself gives shapefiles.
  url: 'https://raw.githubusercontent.com/stefanb/gurs-rpe/HEAD/data/{part}',
  licence: 'CC BY 4.0',
  attribution: 'Geodetska uprava Republike Slovenije',
  timezone: 'Europe/Ljubljana',
  crs: 'EPSG:3794',
} as const satisfies Adapter['dataset'];
