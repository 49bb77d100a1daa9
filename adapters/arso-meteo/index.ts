import { textOf, type Adapter } from '#core';
import { dataset } from './dataset.ts';
import { decode } from './decode.ts';
import { map } from './map.ts';
import { recordSchema, type MeteoRecord } from './record.ts';

export default {
  name: 'arso-meteo',
  title: { sl: 'ARSO: samodejne vremenske postaje', en: 'ARSO: automatic weather stations' },
  dataset,
  // The file itself says "5 minutes after valid", every 10 minutes.
  schedule: '5-59/10 * * * *',
  format: {
    kind: 'xml',
    rows: ['data', 'metData'],
    // Up to eight per station.
    lists: ['webcam'],
    columns: ['domain_meteosiId'],
    // Forecasts come in the same form, as MeteoSI_WebMet_forecast_xml.
    root: { attribute: 'id', startsWith: 'MeteoSI_WebMet_observation' },
  },
  recordSchema,
  emits: ['WeatherObserved'],
  key: (row) => textOf(row, 'domain_meteosiId'),
  defaultStations: [
    'IDRIJA_CISTI-NAP_',
    'ZADLOG_',
    'SEBRE-VRH_',
    'OTLICA_',
    'BUKOV-VRH_',
    'BLEGOS_',
    'DAVCA_',
    'LOGATEC_',
    'VRHNIKA_',
    'AJDOV-INA_DOLENJE_',
  ],
  decode,
  map,
  // Two days of one station; its key ends with the underscore that the name of the file has there.
  history: {
    url: 'https://meteo.arso.gov.si/uploads/probase/www/observ/surface/text/sl/recent/observationAms_{station}history.xml',
    keptDays: 2,
  },
  vanished: 'keep',
  staleAfterHours: 3,
  expect: { minRows: 1, maxRejectedPct: 50 },
} satisfies Adapter<MeteoRecord>;
