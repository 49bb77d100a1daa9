import { expect, it } from '@jest/globals';

import { inSlovenian } from '../../sharing/words.ts';

const status = {
  partner: 'ljubljana',
  mode: 'relay',
  subscriptions: '2 active, 1 paused',
  waiting: 3,
  lagSeconds: 7,
  deadLetters: 1,
  verifiedUntil: '2026-05-01T10:00:00.000Z',
  gapsClosed: 2,
  openGapSince: '',
  lostSeconds: 0,
  remark: 'not applied: klavze share apply; connection refused',
} as const;

it('tells how it stands in Slovenian, and leaves what a broker says as it is', () => {
  expect(inSlovenian(status)).toMatchObject({
    prejemnik: 'ljubljana',
    naročnine: '2 × dejavna, 1 × ustavljena',
    čaka: 3,
    opomba: 'ni uveljavljeno: klavze share apply; connection refused',
  });
  expect(Object.keys(inSlovenian(status))).toHaveLength(Object.keys(status).length);
});
