import type { PartnerStatus } from './status.ts';

const columns: Readonly<Record<keyof PartnerStatus, string>> = {
  partner: 'prejemnik',
  mode: 'način',
  subscriptions: 'naročnine',
  waiting: 'čaka',
  lagSeconds: 'zamuda (s)',
  deadLetters: 'zavrnjeno',
  verifiedUntil: 'preverjeno do',
  gapsClosed: 'zapolnjene vrzeli',
  openGapSince: 'odprta vrzel od',
  lostSeconds: 'izgubljeno (s)',
  remark: 'opomba',
};

const states: Readonly<Record<string, string>> = {
  active: 'dejavna',
  paused: 'ustavljena',
  missing: 'manjka',
  failed: 'neuspešna',
  expired: 'potekla',
};

/** What `share status` says of its own; what a broker says stays as it is. */
const sentences: readonly (readonly [string, string])[] = [
  ['not applied: klavze share apply', 'ni uveljavljeno: klavze share apply'],
  ['stopped: it would also send what is internal; klavze share plan', 'ustavljeno: pošiljalo bi tudi notranje podatke; klavze share plan'],
  ['klavze up has not run with it yet', 'klavze up z njim še ni tekel'],
  [
    'our broker has no history: of the last gap only the newest states were shared',
    'naš posrednik nima zgodovine: iz zadnje vrzeli so bila poslana le najnovejša stanja',
  ],
];

/** A line of `klavze share status` in Slovenian. Pure. */
export function inSlovenian(status: PartnerStatus): Record<string, unknown> {
  const subscriptions = status.subscriptions
    .replace('not asked', 'ni preverjeno')
    .replace(/(\d+) (\w+)/g, (_all, count: string, state: string) => `${count} × ${states[state] ?? state}`);
  const remark = sentences.reduce((text, [from, to]) => text.replace(from, to), status.remark);
  return Object.fromEntries(
    Object.entries({ ...status, subscriptions, remark }).map(([key, value]) => [columns[key as keyof PartnerStatus], value]),
  );
}
