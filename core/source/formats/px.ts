import { err, type Result } from '../../result.ts';
import { cellsOf, cubeRows, headerOf, mostCells, type Dimension } from './cube.ts';
import { otherFormat, refusal, type Dataset } from './parsed.ts';

/** Values of a keyword without language by the names in its brackets: `VALUES("OBČINE")="Idrija"` is `VALUES` → `OBČINE` → `['Idrija']`. */
type Keywords = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** Whether a text looks like a PX file (PC-Axis). */
export function isPx(text: string): boolean {
  return /^\s*(?:CHARSET|AXIS-VERSION|CODEPAGE|LANGUAGE|CREATION-DATE|MATRIX)\s*=/.test(text);
}

/**
 * Reads a PX file (PC-Axis 2013): texts over several lines, other languages left out, the dimensions of STUB before those of HEADING, numbers
 * and quoted markers (`".."`) in DATA, which is dense or, with KEYS, by key. Markers stay as they are.
 * Refuses `truncated_file` (no end, too few values), `not_the_expected_format`, `too_large`.
 */
export function parsePx(text: string, name: string): Result<Dataset> {
  const start = /(?:^|[;\n\r])\s*DATA\s*=/.exec(text);
  if (start === null) {
    return /;\s*$/.test(text)
      ? otherFormat(`${name} is a PX file without DATA`)
      : err(refusal('truncated_file', `${name} ends before DATA`));
  }
  const body = text.slice(start.index + start[0].length);
  if (!/;\s*$/.test(body)) return err(refusal('truncated_file', `${name} ends within DATA; a PX file ends with ";"`));
  const keywords = readKeywords(text.slice(0, start.index + 1));
  const one = (keyword: string): string | undefined => keywords.get(keyword)?.get('')?.[0];
  const stub = keywords.get('STUB')?.get('') ?? [];
  const heading = keywords.get('HEADING')?.get('') ?? [];
  const dimensions: Dimension[] = [];
  for (const variable of [...stub, ...heading]) {
    const labels = keywords.get('VALUES')?.get(variable) ?? [];
    const codes = keywords.get('CODES')?.get(variable) ?? labels;
    if (labels.length === 0 || codes.length !== labels.length) {
      return otherFormat(`${name}: ${variable} has ${labels.length} VALUES and ${codes.length} CODES; expected as many of both`);
    }
    dimensions.push({ name: keywords.get('VARCODE')?.get(variable)?.[0] ?? variable, codes, labels });
  }
  if (dimensions.length === 0) return otherFormat(`${name} has neither STUB nor HEADING`);
  const total = cellsOf(dimensions);
  const tokens = total > mostCells ? [] : tokensOf(body.replace(/;\s*$/, ''));
  const keyed = stub.filter((variable) => keywords.get('KEYS')?.has(variable)).length;
  const values = keyed === 0 ? tokens : spread(tokens, dimensions, keyed, keywords, stub);
  if (values === undefined) return otherFormat(`${name}: DATA has a key that is none of its dimension, or a line of another length`);
  if (total <= mostCells && values.length !== total) {
    const found = `${name} has ${values.length} values in DATA; its dimensions have ${total} cells`;
    return values.length < total ? err(refusal('truncated_file', found)) : otherFormat(found);
  }
  const time = [...(keywords.get('TIMEVAL')?.keys() ?? [])][0];
  const codeOf = (variable: string | undefined): string | undefined =>
    variable === undefined ? undefined : (keywords.get('VARCODE')?.get(variable)?.[0] ?? variable);
  const header = headerOf({
    '@title': one('TITLE') ?? one('DESCRIPTION') ?? one('CONTENTS'),
    '@updated': one('LAST-UPDATED'),
    '@source': one('SOURCE'),
    '@table': one('MATRIX'),
    '@unit': one('UNITS'),
    '@contents': one('CONTENTS'),
    '@time': codeOf(time),
    '@measure': codeOf(one('CONTVARIABLE')),
  });
  return cubeRows({ dimensions, cell: (index) => ({ value: values[index] ?? '' }), header }, name);
}

/** `KEYWORD[lang]("a","b")=values;`, the values texts, numbers or words; texts without a comma between them are one. */
function readKeywords(text: string): Keywords {
  const keywords = new Map<string, Map<string, string[]>>();
  const statement = /([A-Z0-9-]+)(\[[^\]]*\])?(?:\(([^)]*)\))?\s*=((?:"[^"]*"|[^";])*);/g;
  for (const [, keyword = '', language, about = '', value = ''] of text.matchAll(statement)) {
    // Values of another language than the file's own come in brackets.
    if (language !== undefined) continue;
    const names = [...about.matchAll(/"([^"]*)"/g)].map(([, one = '']) => one);
    const known = keywords.get(keyword) ?? new Map<string, string[]>();
    known.set(names.join(','), listOf(value));
    keywords.set(keyword, known);
  }
  return keywords;
}

function listOf(value: string): string[] {
  const list: string[] = [];
  for (const item of value.matchAll(/(?:"[^"]*"\s*)+|[^",\s()]+/g)) {
    list.push(
      item[0].startsWith('"')
        ? [...item[0].matchAll(/"([^"]*)"/g)]
            .map(([, part = '']) => part)
            .join('')
            .replaceAll('#', ' ')
        : item[0],
    );
  }
  return list;
}

/** Values of DATA: separated by white space or commas; markers stand in quotes. */
function tokensOf(body: string): string[] {
  return (body.match(/"[^"]*"|[^\s,"]+/g) ?? []).map((token) => token.replaceAll('"', ''));
}

/** DATA by key: each line has the codes (or words) of the keyed dimensions and then the values of the others; what has no line has no value. */
function spread(
  tokens: readonly string[],
  dimensions: readonly Dimension[],
  keyed: number,
  keywords: Keywords,
  stub: readonly string[],
): string[] | undefined {
  const width = cellsOf(dimensions.slice(keyed));
  const values = new Array<string>(cellsOf(dimensions)).fill('');
  if (tokens.length % (keyed + width) !== 0) return undefined;
  for (let at = 0; at < tokens.length; at += keyed + width) {
    let line = 0;
    for (let key = 0; key < keyed; key++) {
      const { codes, labels } = dimensions[key] as Dimension;
      const isCode = keywords.get('KEYS')?.get(stub[key] ?? '')?.[0] === 'CODES';
      const place = (isCode ? codes : labels).indexOf(tokens[at + key] ?? '');
      if (place < 0) return undefined;
      line = line * codes.length + place;
    }
    for (let offset = 0; offset < width; offset++) values[line * width + offset] = tokens[at + keyed + offset] ?? '';
  }
  return values;
}
