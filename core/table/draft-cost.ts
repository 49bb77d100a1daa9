import type { TableGuess } from './guess.ts';

const months = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [String(index + 1), String(index + 1).padStart(2, '0')]));
const units = { kWh: 'KWH', KWh: 'KWH', KWH: 'KWH', m3: 'MTQ', 'm³': 'MTQ', MTQ: 'MTQ' };

/** What a row of energy bookkeeping becomes: an amount of one carrier at one point in one month. Also what its id needs beside the key. */
export function costOf(guess: TableGuess, name: string): { readonly id: readonly string[]; readonly attributes: object } {
  const columns = new Map(guess.attributes.map(({ attribute, column }) => [attribute, column]));
  const named = (attribute: string): string | undefined => columns.get(attribute)?.name;
  const [carrier, unit, cost, amount, supplier] = ['energyType', 'measurementUnit', 'totalCost', 'energyConsumed', 'supplyName'].map(named);
  const time = guess.time?.name;
  const inName = columns.get('energyConsumed')?.unit === 'm3' ? 'MTQ' : 'KWH';
  const isMonth = guess.time?.timeFormat === 'M/yyyy';
  return {
    id: [...(time === undefined ? [] : [`{${time}}`]), ...(carrier === undefined ? [] : [`{${carrier}}`])],
    attributes: {
      consumptionPoint: { text: `urn:ngsi-ld:ConsumptionPoint:${name}:{${guess.key?.name ?? '?'}}` },
      ...(time !== undefined && { year: { column: time, match: '(2\\d{3})' } }),
      ...(time !== undefined && isMonth && { month: { column: time, match: '^0?(\\d{1,2})', lookup: months } }),
      energyConsumedAndCost: {
        members: {
          energyType: carrier ?? { value: 'electricity' },
          ...(supplier !== undefined && { supplyName: supplier }),
          energyConsumed: {
            members: {
              measurementUnit: unit === undefined ? { value: inName } : { column: unit, lookup: units },
              value: amount ?? '?',
            },
          },
          ...(cost !== undefined && { totalCost: { members: { currency: { value: 'EUR' }, value: cost } } }),
        },
      },
    },
  };
}
