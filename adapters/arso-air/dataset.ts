import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Agencija Republike Slovenije za okolje (ARSO)',
  landingPage: 'https://www.arso.gov.si/zrak/kakovost%20zraka/podatki/amp/',
  url: 'https://www.arso.gov.si/xml/zrak/ones_zrak_urni_podatki_zadnji.xml',
  licence: 'free use with the source named (ARSO terms of use)',
  attribution: 'Agencija RS za okolje',
  timezone: 'Europe/Ljubljana',
  crs: 'EPSG:4326',
} as const satisfies Adapter['dataset'];
