/** Extended kinds of vehicle (Hierarchical Vehicle Type) by their hundreds, as the kinds that the model has. */
const byHundred: Readonly<Record<string, string>> = {
  '1': '2',
  '2': '3',
  '4': '1',
  '7': '3',
  '8': '3',
  '9': '0',
  '10': '4',
  '12': '4',
  '13': '6',
  '14': '7',
};

/** Kind of vehicle from 0 to 7: tram, metro, rail, bus, ferry, cable tram, gondola, funicular. Undefined for what is none of them. */
export function routeType(kind: string): string | undefined {
  if (/^[0-7]$/.test(kind)) return kind;
  // A trolleybus is a bus, a monorail runs on rails.
  if (kind === '11') return '3';
  if (kind === '12') return '2';
  return /^\d{3,4}$/.test(kind) ? byHundred[kind.slice(0, -2)] : undefined;
}
