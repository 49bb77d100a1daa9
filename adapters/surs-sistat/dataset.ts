import type { Adapter } from '#core';

export const dataset = {
  publisher: 'Statistični urad Republike Slovenije (SURS)',
  landingPage: 'https://pxweb.stat.si/SiStat/sl',
  // {part} is the table.
  url: 'https://pxweb.stat.si/SiStatData/api/v1/sl/Data/{part}.px',
  licence: 'CC BY 4.0',
  attribution: 'Statistični urad Republike Slovenije, SiStat',
  timezone: 'Europe/Ljubljana',
  crs: 'EPSG:4326',
} as const satisfies Adapter['dataset'];

const all = { filter: 'all', values: ['*'] };
const newest = (count: number) => ({ filter: 'top', values: [String(count)] });
const total = (code: string) => ({ filter: 'item', values: [code] });

/** What is asked of a table: its variables are named in Slovenian capitals, also in English. */
function ask(selections: Readonly<Record<string, object>>): object {
  return {
    query: Object.entries(selections).map(([code, selection]) => ({ code, selection })),
    response: { format: 'json-stat2' },
  };
}

/** The tables that are read and what of them: all municipalities and the country, totals, the newest periods. */
export const questions = {
  // Population, by age; 999 is all ages.
  '05C4003S': ask({ OBČINE: all, STAROST: total('999'), POLLETJE: newest(8) }),
  // Arrivals and nights of tourists, by country of residence; 0 is all countries.
  '2164466S': ask({ MESEC: newest(36), OBČINE: all, DRŽAVA: total('0'), MERITVE: all }),
} as const;
