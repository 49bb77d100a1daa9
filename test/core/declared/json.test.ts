import { describe, expect, it } from '@jest/globals';

import { come, decoderOf, frame, json } from './write.ts';

const yaml = `
json:
  time: ts
  values:
    - { path: data.temp, quantity: airTemperature, unit: °C, range: [-40, 85], absent: ['n/a', 327.67], invalid: { sensor fault: its sensor is broken } }
    - { path: 'probes[1].value', quantity: probeTemperature, scale: 0.1 }
    - { path: /data/rel.hum, quantity: relativeHumidity, unit: '%' }
    - { path: door, quantity: doorOpen, values: { open: 1, closed: 0 } }
    - { path: leak, quantity: waterLeak }
  lists:
    - { path: log, time: at, values: [{ path: t, quantity: airTemperature }] }
  events:
    - { path: type, is: [join, status], event: status }
`;

describe('JSON by a table', () => {
  it.each([
    [{ data: { temp: 21.9 } }, { airTemperature: 21.9 }],
    [{ data: { temp: '21,9' } }, { airTemperature: 21.9 }],
    [{ data: { temp: '71.6 °F' } }, { airTemperature: 22 }],
    [{ probes: [1, { value: 219 }] }, { probeTemperature: 21.9 }],
    [{ data: { 'rel.hum': 54.5 } }, { relativeHumidity: 0.545 }],
    [
      { door: 'Open', leak: false },
      { doorOpen: 1, waterLeak: 0 },
    ],
    [{ ts: 1772438400, leak: true }, { 'waterLeak@2026-03-02T08:00:00.000Z': 1 }],
    [
      { leak: true, log: [{ at: 1772438400000, t: 20 }] },
      { waterLeak: 1, 'airTemperature@2026-03-02T08:00:00.000Z': 20 },
    ],
    [{ data: { temp: 'N/A' } }, { event: 'empty' }],
    [{ data: { temp: null }, type: 'status' }, { event: 'status' }],
    [{ type: 'join' }, { event: 'status' }],
    [{ data: { temp: 'Sensor Fault' } }, { refused: ['invalid_value /data/temp'] }],
    [{ data: { temp: 99 } }, { refused: ['invalid_value /data/temp'] }],
    [{ data: { temp: [21] } }, { refused: ['invalid_value /data/temp'] }],
    [{ data: { temp: '21 hPa' } }, { refused: ['unsupported_unit /data/temp'] }],
    [
      { door: 'ajar', leak: true },
      { waterLeak: 1, refused: ['invalid_value /door'] },
    ],
    [{ ts: 'yesterday', leak: true }, { refused: ['invalid_time /ts'] }],
    [{ log: 7 }, { refused: ['invalid_value /log'] }],
    [{ log: [{ t: 1, at: 0 }, { t: 'x' }] }, { refused: ['invalid_time /log/0/at', 'invalid_value /log/1/t'] }],
    [{ other: 1 }, { refused: ['missing_field'] }],
    [null, { refused: ['missing_field'] }],
    [JSON.parse('{"__proto__": {"leak": true}}'), { refused: ['missing_field'] }],
  ])('%j', async (value, expected) => {
    expect(come(await decoderOf(yaml), json(value))).toEqual(expected);
  });

  it('reads what the network decoded of a frame', async () => {
    const decoder = await decoderOf(yaml);
    expect(come(decoder, frame('01', 2, { leak: true }))).toEqual({ waterLeak: 1 });
    expect(come(decoder, frame('01', 2))).toEqual({ refused: ['unknown_frame'] });
  });
});
