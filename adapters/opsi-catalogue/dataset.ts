import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Odprti podatki Slovenije (OPSI), Ministrstvo za digitalno preobrazbo',
  landingPage: 'https://podatki.gov.si/',
  // {station} is a search, in the words of CKAN.
  url: 'https://podatki.gov.si/api/3/action/package_search?q={station}',
  licence: 'descriptions of the portal, free to use; each data set has its own licence',
  attribution: 'Portal odprtih podatkov Slovenije, podatki.gov.si',
  // Of the schedule; moments of CKAN are in UTC.
  timezone: 'Europe/Ljubljana',
  crs: 'EPSG:4326',
} as const satisfies Adapter['dataset'];
