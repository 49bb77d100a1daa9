import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Agencija Republike Slovenije za okolje (ARSO)',
  landingPage: 'https://meteo.arso.gov.si/met/sl/warning/',
  url: 'https://meteo.arso.gov.si/uploads/probase/www/warning/text/sl/warning_SLOVENIA_{part}_latest_CAP.xml',
  licence: 'free use with the source named (ARSO terms of use)',
  attribution: 'Agencija RS za okolje',
  timezone: 'Europe/Ljubljana',
  crs: 'EPSG:4326',
} as const satisfies Adapter['dataset'];
