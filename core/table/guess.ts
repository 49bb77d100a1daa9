import { converter } from '../decode/units.ts';
import type { Model } from '../entity/models.ts';
import { textOf, type SheetCell } from '../source/formats/xlsx.ts';
import type { Grid } from './grid.ts';
import { localNumber } from './number.ts';
import { timeReader } from './time-format.ts';
import { plain, wordAttributes, words } from './words.ts';

/** What a column seems to hold. */
export interface ColumnGuess {
  readonly name: string;
  readonly kind: 'number' | 'time' | 'text' | 'empty';
  readonly timeFormat?: string;
  /** The unit in its name: `Poraba [m3]`. */
  readonly unit?: string;
  readonly isUnique: boolean;
  readonly samples: readonly string[];
}

export interface TableGuess {
  readonly columns: readonly ColumnGuess[];
  readonly decimal: ',' | '.' | undefined;
  /** Whether `1.234` may be read two ways. */
  readonly isDecimalDoubtful: boolean;
  readonly time: ColumnGuess | undefined;
  readonly key: ColumnGuess | undefined;
  readonly place:
    | {
        readonly first: string;
        readonly second: string;
        readonly crs: 'EPSG:4326' | 'EPSG:3794' | 'EPSG:3912';
        readonly isDoubtful: boolean;
      }
    | undefined;
  readonly type: string;
  readonly isTypeDoubtful: boolean;
  readonly attributes: readonly { readonly attribute: string; readonly column: ColumnGuess }[];
  /** Attributes without which the model refuses an entity, as far as the mapping has to name them. */
  readonly required: readonly string[];
}

const timeFormats = [
  'd. M. yyyy',
  'd. M. yyyy H:mm',
  'd. M. yyyy H:mm:ss',
  'iso',
  'd/M/yyyy',
  'd/M/yyyy H:mm',
  'M/yyyy',
  'MMMM yyyy',
  'yyyy"M"MM',
  'yyyyMMdd',
];
const share = 0.8;

/** Looks at the beginning of a table. Nothing of it is certain: whoever writes the mapping marks what is doubtful. */
export function guessOf(grid: Grid, types: ReadonlyMap<string, Pick<Model, 'required'>>): TableGuess {
  const texts = grid.names.map((_, index) =>
    grid.rows.map((row) => row[index]).filter((cell) => cell !== undefined && textOf(cell) !== ''),
  );
  const { decimal, isDoubtful } = decimalOf(texts.flat());
  const columns = grid.names
    .map((name, index) => columnGuess(name, texts[index] ?? [], grid.rows.length, decimal))
    .filter(({ name }) => name !== '');
  const time = columns.find(({ kind }) => kind === 'time');
  const place = grid.hasGeometry ? undefined : placeOf(columns);
  const free = columns.filter(
    (column) => column !== time && column.name !== place?.first && column.name !== place?.second && column.kind !== 'empty',
  );
  const all = plain([...grid.title, ...grid.names].join(' '));
  const known = words.find(([type, about]) => about.test(all) && types.has(type));
  const key = keyOf(free);
  const type = known?.[0] ?? 'KeyPerformanceIndicator';
  const attributes = (known?.[2] ?? []).flatMap(([attribute, word]) => {
    const column = free.find(
      (one) => one !== key && word.test(plain(one.name)) && (wordAttributes.has(attribute) || one.kind === 'number'),
    );
    return column === undefined ? [] : [{ attribute, column }];
  });
  return {
    columns,
    decimal,
    isDecimalDoubtful: isDoubtful,
    time,
    key,
    place,
    type,
    isTypeDoubtful: known === undefined,
    attributes: onceEach(attributes),
    required: (types.get(type)?.required ?? []).filter(
      (name) =>
        !(name === 'location' && (place !== undefined || grid.hasGeometry === true)) && !(name === 'dateObserved' && time !== undefined),
    ),
  };
}

function onceEach<T extends { readonly column: ColumnGuess }>(attributes: readonly T[]): T[] {
  const seen = new Set<ColumnGuess>();
  return attributes.filter(({ column }) => !seen.has(column) && seen.add(column));
}

function columnGuess(name: string, cells: readonly (SheetCell | undefined)[], rows: number, decimal: ',' | '.' | undefined): ColumnGuess {
  const texts = cells.map(textOf);
  const values = texts.filter((text) => !/^[-–—/.]+$|^n\/?a$/i.test(text));
  const fits = (test: (text: string) => boolean): boolean => values.length > 0 && values.filter(test).length >= values.length * share;
  const unit = /[[(]\s*([^\])]+?)\s*[\])]\s*$/.exec(name)?.[1];
  const base = {
    name,
    isUnique: texts.length === rows && new Set(texts).size === texts.length,
    samples: [...new Set(texts)].slice(0, 3),
    ...(unit !== undefined && isUnit(unit) && { unit }),
  };
  if (values.length === 0) return { ...base, kind: 'empty' };
  const timeFormat = timeFormats.find((format) => {
    const reader = timeReader(format);
    return typeof reader === 'function' && fits((text) => text.length >= 6 && !/^\d+([.,]\d+)?$/.test(text) && reader(text) !== undefined);
  });
  if (timeFormat !== undefined) return { ...base, kind: 'time', timeFormat };
  const isNumber = (text: string): boolean => localNumber(text.replace(/\s*%$/, ''), decimal) !== undefined && !/^0\d/.test(text);
  return { ...base, kind: fits(isNumber) ? 'number' : 'text' };
}

function isUnit(unit: string): boolean {
  return ['m3', 'kWh', '°C', '%', 'm', 'ug/m3', 'km/h', 'W', 's', 'hPa', 'm3/s', 'l/s'].some(
    (known) => converter(unit, known) !== undefined,
  );
}

/** The mark that numbers among texts have. `1.234` alone says nothing. */
function decimalOf(cells: readonly (SheetCell | undefined)[]): { decimal: ',' | '.' | undefined; isDoubtful: boolean } {
  const texts = cells.filter((cell) => typeof cell === 'string').map((text) => text.trim());
  const comma = texts.filter((text) => /^[-+]?[\d.]*\d,\d+$/.test(text));
  const dot = texts.filter((text) => /^[-+]?[\d,]*\d\.\d+$/.test(text));
  const isGroup = (text: string): boolean => /^[-+]?\d{1,3}([.,]\d{3})+$/.test(text);
  if (comma.some((text) => !isGroup(text))) return { decimal: ',', isDoubtful: dot.some((text) => !isGroup(text)) };
  if (dot.some((text) => !isGroup(text))) return { decimal: '.', isDoubtful: false };
  const isDoubtful = comma.length + dot.length > 0;
  return { decimal: isDoubtful ? ',' : undefined, isDoubtful };
}

function keyOf(columns: readonly ColumnGuess[]): ColumnGuess | undefined {
  const named = columns.find(({ name }) =>
    /^(id|sifra|koda|oznaka|stevec|vodomer|merilno mesto|postaja|station|code|key|kljuc|st\.?)\b/.test(plain(name)),
  );
  return (
    named ?? columns.find(({ isUnique, kind }) => isUnique && kind === 'text') ?? columns.find(({ isUnique }) => isUnique) ?? columns[0]
  );
}

function placeOf(columns: readonly ColumnGuess[]): TableGuess['place'] {
  const find = (words: RegExp): string | undefined => columns.find(({ name }) => words.test(plain(name)))?.name;
  const [latitude, longitude] = [
    find(/^(lat|sirina|geo.*sirina|latitude|zemljepisna sirina)/),
    find(/^(lon|lng|dolzina|geo.*dolzina|zemljepisna dolzina)/),
  ];
  if (latitude !== undefined && longitude !== undefined) return { first: latitude, second: longitude, crs: 'EPSG:4326', isDoubtful: false };
  const [east, north] = [
    find(/^(e|y|x_e|d96_e|cen_e|d48_y|gk_?y|koordinata ?y|easting)$/),
    find(/^(n|x|d96_n|cen_n|d48_x|gk_?x|koordinata ?x|northing)$/),
  ];
  if (east === undefined || north === undefined) return undefined;
  return { first: east, second: north, crs: /d48|gk|^y$/i.test(east) ? 'EPSG:3912' : 'EPSG:3794', isDoubtful: true };
}
