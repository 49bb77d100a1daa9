import type { Consignment } from '../outbox/outbox.ts';

/**
 * What consignments hold, one JSON object a line: `{"entity":…}` or `{"rejection":…}` (with `from` and, of a dataset, `row`), last
 * `{"summary":{"received":n,"entities":n,"rejections":n}}`. `received` counts messages or rows.
 */
export function dryRunLines(consignments: Iterable<Consignment>, received: number): string[] {
  const lines: string[] = [];
  let entities = 0;
  let rejections = 0;
  for (const { publications, deadLetters } of consignments) {
    for (const { entity } of publications) lines.push(JSON.stringify({ entity }));
    for (const { rejection, origin } of deadLetters) {
      const row = origin.row === undefined ? {} : { row: origin.row };
      lines.push(JSON.stringify({ rejection: { ...rejection, from: origin.from, ...row } }));
    }
    entities += publications.length;
    rejections += deadLetters.length;
  }
  lines.push(JSON.stringify({ summary: { received, entities, rejections } }));
  return lines;
}
