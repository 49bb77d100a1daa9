#!/usr/bin/env node
/** `npm run demo`: the main job on the embedded default, with simulated sensors and dataset files of this hour. Needs no internet. */
import { join } from 'node:path';
import { Temporal } from '@js-temporal/polyfill';

import { exitCodeOf } from '../bin/exit.ts';
import { signalled } from '../bin/commands/up.ts';
import { startUp } from '../bin/up.ts';
import { loadConfig } from '../core/service/config.ts';
import { loadKnowledge } from '../core/service/knowledge.ts';
import { createLogger } from '../core/service/log.ts';
import { packageRoot } from '../core/paths.ts';
import { serveDatasets } from './datasets.ts';
import { startSensors } from './sensors.ts';

const publishEveryMs = 5_000;
const now = (): Temporal.Instant => Temporal.Now.instant();

try {
  await demo();
} catch (error) {
  process.stderr.write(`klavze demo: ${(error as Error).message}\n`);
  process.exit(exitCodeOf(error));
}

async function demo(): Promise<void> {
  const datasets = await serveDatasets(now);
  const settings = loadConfig(
    {
      KLAVZE_DATA_DIR: join(packageRoot, 'data', 'demo'),
      KLAVZE_DEVICES_FILE: join(packageRoot, 'demo', 'devices.yaml'),
      KLAVZE_LOG_LEVEL: 'warn',
      ...process.env,
    },
    process.cwd(),
  );
  const knowledge = await loadKnowledge(settings);
  // Only datasets that are served here: the demo asks no publisher.
  const adapters = Object.fromEntries(
    [...knowledge.adapters.keys()].map((name) => {
      const url = datasets.urls[name];
      return [name, url === undefined ? { enabled: false } : { ...settings.adapters[name], url, schedule: '* * * * *' }];
    }),
  );
  const running = await startUp({ ...settings, adapters }, knowledge, createLogger(settings.logLevel));
  const sensors = await startSensors(running.urls.mqtt, publishEveryMs, now);
  process.stdout.write(whereToLook(running.urls.broker, running.urls.mqtt, running.urls.http));
  await signalled();
  process.stdout.write('\nstopping; what was gathered is kept in data/demo …\n');
  await sensors.stop();
  await running.stop();
  await datasets.close();
}

function whereToLook(broker: string, mqttUrl: string, http: string): string {
  const air = `${broker}/ngsi-ld/v1/entities?type=AirQualityObserved`;
  const rivers = `${broker}/ngsi-ld/v1/entities?type=WaterObserved`;
  const context = (subject: string): string =>
    `-H 'Link: <${http}/contexts/${subject}.jsonld>; rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'`;
  return `
ready · pripravljeno

  5 simulated sensors publish every ${publishEveryMs / 1000} s to ${mqttUrl}; 3 datasets in ARSO's form are read every minute.
  5 navideznih tipal objavlja vsakih ${publishEveryMs / 1000} s; 3 zbirke v obliki ARSO se berejo vsako minuto.

  air quality · kakovost zraka   ${broker}/ngsi-ld/v1/entities?type=https://smartdatamodels.org/dataModel.Environment/AirQualityObserved
  health · stanje                ${http}/health/ready
  metrics · metrike              ${http}/metrics

  curl ${context('environment')} '${air}&options=keyValues'
  curl ${context('environment')} '${rivers}&options=keyValues'

  Stop with Ctrl-C; started again, everything is still there. Ustavite s Ctrl-C; ob novem zagonu je vse še tam.

`;
}
