/** partners/*.yaml: what is refused, with the line and the way out. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ConfigError } from '../../core/errors.ts';
import { packageRoot } from '../../core/paths.ts';
import { loadModels } from '../../core/service/load-models.ts';
import { loadPartners, readPartner } from '../../sharing/load.ts';
import type { PartnerSecrets } from '../../sharing/partner.ts';

const models = loadModels();

function faults(text: string, secrets: PartnerSecrets = {}): readonly string[] {
  try {
    readPartner(text, 'partners/x.yaml', models, secrets);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

const good = `name: x
mode: relay
endpoint: https://example.org/notify
entities:
  - type: AirQualityObserved
    attributes: [pm10, location]
`;

describe('a declaration', () => {
  it('is read with its defaults', () => {
    expect(readPartner(good, 'partners/x.yaml', models)).toMatchObject({
      target: 'notification',
      form: 'normalized',
      history: 'newest',
      auth: { kind: 'none', header: 'Authorization' },
    });
  });

  it('of all attributes means all that a partner may get', () => {
    const { attributes } = readPartner(good.replace('[pm10, location]', 'all'), 'partners/x.yaml', models).entities[0] ?? {};
    expect(attributes).toEqual(expect.arrayContaining(['pm10', 'location']));
    expect(attributes).not.toContain('owner');
  });

  it.each([
    ['an unknown key', `${good}colour: red\n`, /x\.yaml:7: colour is not a known key/],
    [
      'a type nobody knows',
      good.replace('AirQualityObserved', 'AirQualtyObserved'),
      /x\.yaml:5: entities\.0\.type is "AirQualtyObserved"; known: /,
    ],
    ['an attribute the type has not', good.replace('pm10', 'pm11'), /x\.yaml:6: entities\.0\.attributes names "pm11".*pm10/],
    ['no attributes', good.replace(/ {4}attributes.*\n/, ''), /x\.yaml:5: entities\.0\.attributes is missing/],
    [
      'a type twice',
      `${good}  - type: AirQualityObserved\n    attributes: all\n`,
      /x\.yaml:7: entities\.1\.type is AirQualityObserved a second time/,
    ],
    [
      'a type of the municipality alone',
      good.replace('AirQualityObserved', 'WaterConsumptionObserved').replace('[pm10, location]', '[waterConsumption]'),
      /x\.yaml:5: entities\.0\.type is "WaterConsumptionObserved", which is internal/,
    ],
    [
      'an attribute of the municipality alone',
      good.replace('pm10', 'owner'),
      /x\.yaml:6: entities\.0\.attributes names "owner", which is internal/,
    ],
    ['a condition on what is internal', `${good}    q: pm10>5;owner\n`, /x\.yaml:7: entities\.0\.q asks for "owner", which is internal/],
    ['a condition nobody understands', `${good}    q: "((pm10"\n`, /x\.yaml:7: entities\.0\.q is not understood/],
    ['an area turned round', `${good}area: [14.2, 45.9, 13.75, 46.2]\n`, /x\.yaml:7: area .*expected \[west, south, east, north\]/],
    ['an MQTT endpoint of the relay', good.replace('https://', 'mqtt://'), /x\.yaml:3: endpoint .*mode relay expects http/],
    [
      'MQTT without a topic',
      good.replace('relay', 'mqtt').replace('https://example.org/notify', 'mqtt://example.org'),
      /x\.yaml:3: endpoint names no topic/,
    ],
    [
      'MQTT with a wildcard',
      good.replace('relay', 'mqtt').replace('https://example.org/notify', 'mqtt://example.org/a/%23'),
      /names no topic/,
    ],
    ['a name in the address', good.replace('https://', 'https://me:secret@'), /x\.yaml:3: endpoint/],
    ['a token that is not there', `${good}auth: { kind: token }\n`, /auth\.kind is token, but KLAVZE_PARTNER_X_TOKEN_FILE is not set/],
    ['OAuth2 without its address', `${good}auth: { kind: oauth2, clientId: a }\n`, /needs tokenUrl and clientId/],
    ['a secret in the file', `${good}auth: { kind: token, token: abc }\n`, /auth\.token is not a known key/],
    [
      'a certificate that is not there',
      `${good}auth: { certFile: a.pem, keyFile: b.pem }\n`,
      /auth\.certFile names .*a\.pem, which does not exist/,
    ],
    ['a certificate without its key', `${good}auth: { certFile: a.pem }\n`, /needs certFile and keyFile together/],
    ['full history straight from the broker', good.replace('relay', 'subscription') + 'history: full\n', /history is full.*use mode relay/],
    [
      'tokens that run out straight from the broker',
      `${good.replace('relay', 'subscription')}auth: { kind: oauth2, tokenUrl: "https://a", clientId: a }\n`,
      /use mode relay/,
    ],
  ])('with %s is refused', (_what, text, expected) => {
    expect(faults(text)).toContainEqual(expect.stringMatching(expected));
  });

  it('with a context of its own may name types of its own', () => {
    expect(faults(`${good.replace('AirQualityObserved', 'Bicycle')}context: https://example.org/context.jsonld\n`)).toEqual([]);
  });
});

describe('the example', () => {
  const example = join(packageRoot, 'partner.example.yaml');
  it('is right, once its secret is there', () => {
    const { name, auth, history } = readPartner(readFileSync(example, 'utf8'), example, models, { clientSecret: 's' });
    expect({ name, kind: auth.kind, history }).toEqual({ name: 'ljubljana', kind: 'oauth2', history: 'full' });
  });
});

describe('a folder', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'klavze-partners-'));
    mkdirSync(join(folder, 'good'));
    writeFileSync(join(folder, 'good', 'x.yaml'), good);
    writeFileSync(join(folder, 'good', '_draft.yaml'), 'nothing yet');
    mkdirSync(join(folder, 'bad'));
    writeFileSync(join(folder, 'bad', 'y.yaml'), good);
    writeFileSync(join(folder, 'bad', 'z.yaml'), 'name: z\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read without its drafts, and is not needed', () => {
    expect(loadPartners(join(folder, 'good'), models, { x: { token: 't' } }).map(({ name, secrets }) => [name, secrets.token])).toEqual([
      ['x', 't'],
    ]);
    expect(loadPartners(join(folder, 'none'), models, {})).toEqual([]);
  });

  it('tells the faults of all files at once', () => {
    expect(() => loadPartners(join(folder, 'bad'), models, { w: { token: 't' } })).toThrow(
      expect.objectContaining({
        faults: expect.arrayContaining([
          expect.stringMatching(/y\.yaml: name is "x"; expected the name of the file, "y"/),
          expect.stringMatching(/z\.yaml:1: endpoint is missing/),
          expect.stringMatching(/secret of the partner "w", but no /),
        ]) as unknown,
      }) as unknown as Error,
    );
  });
});
