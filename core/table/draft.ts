import { stringify } from 'yaml';

import { plainName } from '../source/names.ts';
import { costOf } from './draft-cost.ts';
import type { Grid } from './grid.ts';
import type { TableGuess } from './guess.ts';
import { wordAttributes } from './words.ts';

type Language = 'sl' | 'en';

const texts = {
  sl: {
    head: (file: string) => `Osnutek preslikave za ${file}. Vrstice z DVOM preglejte; nato: npx klavze table check`,
    doubt: 'DVOM',
    fill: 'izpolnite',
    name: 'ime kot ime datoteke, male črke',
    noTime: 'v tabeli ni stolpca s časom; če kaj meri, ga model zahteva',
    time: (format: string) =>
      `čas je prebran kot ${format}; ura velja v časovnem pasu zbirke; dan brez ure pomeni njegov začetek (at: end je konec)`,
    key: (column: string) => `je "${column}" trajni ključ vrstice? Spremeniti se ne sme nikoli`,
    noKey: 'noben stolpec ni videti kot ključ',
    decimal: 'v številih je ločilo, ki je lahko decimalno ali za tisočice: preverite',
    type: (type: string) => `model ${type} je ugibanje; drugi so v docs/models.md`,
    crs: (crs: string) => `koordinate so v ${crs}? D96 je EPSG:3794, D48 EPSG:3912: razlika je 600 m`,
    round: 'števec šteje polne litre',
    unit: (column: string) => `enota stolpca "${column}" ni zapisana; vpišite jo, če ni enota modela`,
    unused: (columns: string) => `neuporabljeni stolpci: ${columns}`,
    none: 'noben stolpec ni prepoznan: dopišite atribute modela',
    cost: 'preverite enoto (KWH ali MTQ), valuto in oznako odjemnega mesta; v enoti, ki je ni v seznamu, vrstica ni sprejeta',
    required: (names: string) => `model zahteva tudi ${names}`,
  },
  en: {
    head: (file: string) => `First mapping for ${file}. Look at the lines with DOUBT; then: npx klavze table check`,
    doubt: 'DOUBT',
    fill: 'fill in',
    name: 'a name as the file has it, lower case',
    noTime: 'no column holds a time; what is measured needs one',
    time: (format: string) =>
      `times are read as ${format}, in the time zone of the dataset; a day without a time means its start (at: end is its end)`,
    key: (column: string) => `is "${column}" the lasting key of a row? It must never change`,
    noKey: 'no column looks like a key',
    decimal: 'numbers have a mark that may be decimal or between thousands: look',
    type: (type: string) => `the model ${type} is a guess; others are in docs/models.md`,
    crs: (crs: string) => `are the coordinates in ${crs}? D96 is EPSG:3794, D48 EPSG:3912: 600 m apart`,
    round: 'a register counts full litres',
    unit: (column: string) => `"${column}" does not say its unit; write it if it is not that of the model`,
    unused: (columns: string) => `columns that are not used: ${columns}`,
    none: 'no column was recognised: add attributes of the model',
    cost: 'look at the unit (KWH or MTQ), the currency and the id of the point; a row in a unit that is not listed is refused',
    required: (names: string) => `the model requires ${names} as well`,
  },
} as const;

/** Numbers that count things, or of which the model says no unit. */
const withoutUnit = new Set(['kpiValue', 'floorsAboveGround', 'peopleCapacity', 'availableSpotNumber', 'totalSpotNumber']);

/** A first mapping as YAML, with what is doubtful marked in comments. `name` becomes its name and that of its file. */
export function draftOf(grid: Grid, guess: TableGuess, name: string, file: string, language: Language): string {
  const t = texts[language];
  const doubt = (text: string): string => `# ${t.doubt}: ${text}`;
  const lines: string[] = [`# ${t.head(file)}`];
  const add = (value: object, ...doubts: string[]): void =>
    void lines.push(...doubts.map(doubt), stringify(value, { lineWidth: 0 }).trimEnd());
  const { title } = grid;
  add({ name });
  if (title.length > 0) add({ title: { [language]: plainName(title.find((text) => text !== '') ?? name) } });
  add({ dataset: { publisher: t.fill, licence: t.fill, attribution: t.fill } }, `publisher, licence, attribution: ${t.fill}`);
  const format = { ...grid.format, ...(guess.decimal !== undefined && grid.format.kind !== 'json' && { decimal: guess.decimal }) };
  add({ format }, ...(guess.isDecimalDoubtful ? [t.decimal] : []));
  if (guess.time === undefined) lines.push(doubt(t.noTime));
  else add({ time: { column: guess.time.name, format: guess.time.timeFormat } }, t.time(guess.time.timeFormat ?? ''));
  add({ type: guess.type }, ...(guess.isTypeDoubtful ? [t.type(guess.type)] : []));
  const cost = guess.type === 'ConsumptionCost' ? costOf(guess, name) : undefined;
  add({ id: [name, `{${guess.key?.name ?? '?'}}`, ...(cost?.id ?? [])] }, guess.key === undefined ? t.noKey : t.key(guess.key.name));
  const { place } = guess;
  if (grid.hasGeometry) add({ location: { geometry: true } });
  else if (place !== undefined) {
    const columns =
      place.crs === 'EPSG:4326'
        ? { latitude: place.first, longitude: place.second }
        : { east: place.first, north: place.second, crs: place.crs };
    add({ location: columns }, ...(place.isDoubtful ? [t.crs(place.crs)] : []));
  }
  lines.push('attributes:');
  const indented = (value: object): string[] =>
    stringify(value, { lineWidth: 0 })
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`);
  if (cost !== undefined) lines.push(`  ${doubt(t.cost)}`, ...indented(cost.attributes));
  for (const { attribute, column } of cost === undefined ? guess.attributes : []) {
    const isRegister = attribute === 'waterConsumption';
    const unit = column.unit ?? (isRegister ? 'm3' : undefined);
    const isText = column.kind === 'text' || wordAttributes.has(attribute) || withoutUnit.has(attribute);
    if (unit === undefined && !isText) lines.push(`  ${doubt(t.unit(column.name))}`);
    else if (column.unit === undefined && isRegister) lines.push(`  ${doubt(t.unit(column.name))}`);
    if (isRegister) lines.push(`  # ${t.round}`);
    const expression = { column: column.name, ...(unit !== undefined && !isText && { unit }), ...(isRegister && { round: 'down' }) };
    lines.push(...indented({ [attribute]: expression }));
  }
  if (guess.attributes.length === 0) lines.push(`  ${doubt(t.none)}`, ...indented({ name: guess.key?.name ?? '?' }));
  const lacking = cost === undefined ? guess.required.filter((one) => !guess.attributes.some(({ attribute }) => attribute === one)) : [];
  if (lacking.length > 0) lines.push(`  ${doubt(t.required(lacking.join(', ')))}`);
  const used = new Set([
    guess.time?.name,
    guess.key?.name,
    place?.first,
    place?.second,
    ...guess.attributes.map(({ column }) => column.name),
  ]);
  const unused = guess.columns.filter((column) => !used.has(column.name)).map((column) => `${column.name} (${column.samples.join(', ')})`);
  if (unused.length > 0) lines.push(`# ${t.unused(unused.join('; '))}`);
  return `${lines.join('\n')}\n`;
}
