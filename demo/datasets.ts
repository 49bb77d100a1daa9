/** Dataset files in the form in which ARSO publishes them, with invented values of this very hour, and a web server that serves them. */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Temporal } from '@js-temporal/polyfill';

interface Station {
  readonly code: string;
  readonly name: string;
  readonly longitude: number;
  readonly latitude: number;
}

const airStations: readonly Station[] = [
  { code: 'E424', name: 'Otlica', longitude: 13.9116, latitude: 45.9377 },
  { code: 'E421', name: 'NG Grčna', longitude: 13.6525, latitude: 45.9565 },
  { code: 'E404', name: 'LJ Vič', longitude: 14.4893, latitude: 46.0375 },
];

const gauges: readonly (Station & { readonly river: string; readonly level: number; readonly flow: number })[] = [
  { code: '8350', river: 'Idrijca', name: 'Podroteja', longitude: 14.035385, latitude: 45.987075, level: 85, flow: 8.1 },
  { code: '8351', river: 'Idrijca-kanal', name: 'Podroteja', longitude: 14.0353, latitude: 45.9871, level: 62, flow: 1.2 },
  { code: '8450', river: 'Idrijca', name: 'Hotešk', longitude: 13.798362, latitude: 46.128681, level: 134, flow: 24.6 },
  { code: '8454', river: 'Cerknica', name: 'Cerkno', longitude: 13.98, latitude: 46.126, level: 31, flow: 0.9 },
  { code: '8478', river: 'Trebuša', name: 'Dolenja Trebuša', longitude: 13.84, latitude: 46.1, level: 48, flow: 2.3 },
];

export interface DatasetServer {
  /** URL by adapter name. */
  readonly urls: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Serves the files on a free loopback port; unchanged ones are answered with 304 as a real server would. */
export async function serveDatasets(now: () => Temporal.Instant): Promise<DatasetServer> {
  const files: Readonly<Record<string, (at: Temporal.Instant) => string>> = {
    'arso-air': airFile,
    'arso-hydro': hydroFile,
    'arso-meteo': meteoFile,
  };
  const server = createServer((request, response) => {
    const make = files[(request.url ?? '').slice(1).replace(/\.xml$/, '')];
    if (make === undefined) {
      response.writeHead(404).end();
      return;
    }
    const body = make(now());
    const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 16)}"`;
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { ETag: etag }).end();
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/xml; charset=UTF-8', ETag: etag }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urls: Object.fromEntries(Object.keys(files).map((name) => [name, `http://127.0.0.1:${port}/${name}.xml`])),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A value that swings around `middle` over a day, a little different for each `phase`. */
export function swing(middle: number, reach: number, at: Temporal.Instant, phase: number, digits = 1): number {
  const day = (at.epochMilliseconds % 86_400_000) / 86_400_000;
  return Number((middle + reach * Math.sin(2 * Math.PI * (day + phase))).toFixed(digits));
}

/** Ljubljana's civil time, cut to the last full `minutes`. */
function local(at: Temporal.Instant, minutes: number): Temporal.ZonedDateTime {
  const zoned = at.toZonedDateTimeISO('Europe/Ljubljana').round({ smallestUnit: 'minute', roundingMode: 'floor' });
  return zoned.subtract({ minutes: zoned.minute % minutes });
}

function stamp(time: Temporal.ZonedDateTime): string {
  return time.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ');
}

function airFile(at: Temporal.Instant): string {
  const end = local(at, 60);
  const start = stamp(end.subtract({ hours: 1 }));
  const hour = end.toInstant();
  const rows = airStations.map(
    (station, index) =>
      `<postaja sifra="${station.code}" wgs84_dolzina="${station.longitude}" wgs84_sirina="${station.latitude}" nadm_visina="${300 + index}">` +
      `<merilno_mesto>${station.name}</merilno_mesto><datum_od>${start}</datum_od><datum_do>${stamp(end)}</datum_do>` +
      `<o3>${swing(80, 30, hour, index / 7, 0)}</o3>` +
      (index === 0
        ? ''
        : `<so2>&lt;1</so2><no2>${swing(18, 9, hour, index / 5, 0)}</no2><pm10>${swing(21, 8, hour, index / 3, 0)}</pm10><pm2.5></pm2.5>`) +
      '</postaja>',
  );
  return arsoFile(at, '45 minut &#269;ez polno uro', '60 min', rows);
}

function hydroFile(at: Temporal.Instant): string {
  const time = local(at, 30);
  const cet = stamp(time.toInstant().toZonedDateTimeISO('+01:00'));
  const rows = gauges.map(
    (gauge, index) =>
      `<postaja sifra="${gauge.code}" wgs84_dolzina="${gauge.longitude}" wgs84_sirina="${gauge.latitude}" kota_0="327.05">` +
      `<reka>${gauge.river}</reka><merilno_mesto>${gauge.name}</merilno_mesto><ime_kratko>${gauge.river} - ${gauge.name}</ime_kratko>` +
      `<datum>${stamp(time)}</datum><datum_cet>${cet}</datum_cet>` +
      `<vodostaj>${swing(gauge.level, 6, time.toInstant(), index / 5, 0)}</vodostaj>` +
      `<pretok>${swing(gauge.flow, gauge.flow / 8, time.toInstant(), index / 5, 2)}</pretok>` +
      `<temp_vode>${swing(9, 1.5, time.toInstant(), index / 9)}</temp_vode></postaja>`,
  );
  return arsoFile(at, '5 minut &#269;ez polno uro ali pol ure', '30 min', rows);
}

function arsoFile(at: Temporal.Instant, pickup: string, period: string, rows: readonly string[]): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<arsopodatki verzija="1.5">',
    '<vir>Agencija RS za okolje</vir>',
    `<predlagan_zajem>${pickup}</predlagan_zajem>`,
    `<predlagan_zajem_perioda>${period}</predlagan_zajem_perioda>`,
    `<datum_priprave>${stamp(local(at, 30))}</datum_priprave>`,
    ...rows,
    '</arsopodatki>',
    '',
  ].join('\n');
}

function meteoFile(at: Temporal.Instant): string {
  const time = local(at, 10);
  const utc = (moment: Temporal.ZonedDateTime): string => {
    const z = moment.withTimeZone('UTC');
    return `${pad(z.day)}.${pad(z.month)}.${z.year} ${z.hour}:${pad(z.minute)} UTC`;
  };
  const z = time.withTimeZone('UTC');
  const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][z.month - 1] ?? '';
  const moment = time.toInstant();
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<data id="MeteoSI_WebMet_observationAms_xml">',
    '<language>sl</language><credit>Agencija Republike Slovenije za okolje</credit>',
    '<suggested_pickup>5 minutes after valid</suggested_pickup><suggested_pickup_period>10</suggested_pickup_period>',
    '<metData><domain_title>IDRIJA CISTILNA NAPRAVA</domain_title><domain_shortTitle>IDRIJA</domain_shortTitle>',
    '<domain_longTitle>Idrija</domain_longTitle><domain_meteosiId>IDRIJA_CISTI-NAP_</domain_meteosiId>',
    '<domain_lat>46.0112</domain_lat><domain_lon>14.0291</domain_lon><domain_altitude>325</domain_altitude>',
    '<dataSource_title>M416</dataSource_title>',
    `<tsValid_issued_RFC822>${pad(z.day)} ${month} ${z.year} ${pad(z.hour)}:${pad(z.minute)}:00 +0000</tsValid_issued_RFC822>`,
    `<valid_UTC>${utc(time)}</valid_UTC>`,
    `<validStart>${utc(time.subtract({ minutes: 10 }))}</validStart><validEnd>${utc(time)}</validEnd>`,
    `<t_var_unit>°C</t_var_unit><t>${swing(7, 5, moment, 0.6)}</t><t_state>0</t_state>`,
    `<rh_var_unit>%</rh_var_unit><rh>${swing(75, 15, moment, 0.1, 0)}</rh><rh_state>0</rh_state>`,
    '<rr_var_unit>mm</rr_var_unit><rr_val>0</rr_val><rr_state>0</rr_state>',
    '<snow_var_unit>cm</snow_var_unit><snow/><snow_state/>',
    '</metData></data>',
    '',
  ].join('\n');
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
