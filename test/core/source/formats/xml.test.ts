import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { Format } from '../../../../core/plugin.ts';
import { parseDataset } from '../../../../core/source/formats/parse.ts';

const format: Format = {
  kind: 'xml',
  rows: ['list', 'row'],
  lists: ['cam'],
  columns: ['value'],
  root: { attribute: 'id', startsWith: 'obs' },
};
const file = (inside: string, prolog = '<?xml version="1.0" encoding="UTF-8"?>'): string =>
  `${prolog}\n<list id="observations">${inside}</list>\n`;

function parse(content: string | Uint8Array, maxBytes?: number) {
  return parseDataset(typeof content === 'string' ? Buffer.from(content) : content, format, 'f.xml', maxBytes);
}

function codeOf(content: string | Uint8Array, maxBytes?: number): string {
  const parsed = parse(content, maxBytes);
  return parsed.ok ? 'ok' : parsed.error.code;
}

describe('a good file', () => {
  it('keeps every value a string as it was written', () => {
    const parsed = parse(file('<made>07</made><row code="0617"><value>1e3</value><e/><e2></e2><x>+5</x></row>'));
    expect(parsed).toEqual({
      ok: true,
      value: { header: { '@id': 'observations', made: '07' }, rows: [{ '@code': '0617', value: '1e3', e: '', e2: '', x: '+5' }] },
    });
  });

  it('decodes references once, numeric ones too', () => {
    const parsed = parse(file('<row><value>&lt;1 &#269; &#x010D; &amp;lt; &amp;#269;</value></row>'));
    expect(parsed.ok && parsed.value.rows[0]?.['value']).toBe('<1 č č &lt; &#269;');
  });

  it('has one row as a list, lists as lists, a tag with a dot and a hyphen, and a row of text as an empty one', () => {
    const parsed = parse(file('<row><value/><cam>a</cam><pm2.5>7</pm2.5><nn_icon-x>o</nn_icon-x></row><row>text</row>'));
    expect(parsed.ok && parsed.value.rows).toEqual([{ value: '', cam: ['a'], 'pm2.5': '7', 'nn_icon-x': 'o' }, {}]);
  });

  it('may be without rows, with a byte order mark, in UTF-16 or in windows-1250', () => {
    expect(parse(file(''))).toMatchObject({ ok: true, value: { rows: [] } });
    expect(codeOf(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(file('<row><value/></row>'))]))).toBe('ok');
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(file('<row><value>č</value></row>', ''), 'utf16le')]);
    expect(parse(utf16)).toMatchObject({ value: { rows: [{ value: 'č' }] } });
    // č is 0xE8 in windows-1250 and ISO-8859-2.
    for (const encoding of ['windows-1250', 'ISO-8859-2']) {
      const prolog = `<?xml version="1.0" encoding="${encoding}"?>`;
      const bytes = Buffer.from(file('<row><value>è</value></row>', prolog), 'latin1');
      expect(parse(bytes)).toMatchObject({ value: { rows: [{ value: 'č' }] } });
    }
  });
});

describe('a file that is not what it should be is refused as a whole', () => {
  const row = '<row><value>1</value></row>';
  it.each([
    ['an HTML page', '<!DOCTYPE html><html><body>503</body></html>', 'not_the_expected_format'],
    ['an XHTML page', '<?xml version="1.0"?>\n<!-- x --><html xmlns="x"><body/></html>', 'not_the_expected_format'],
    ['JSON', '{"rows":[]}', 'not_the_expected_format'],
    ['another root', '<feed><row/></feed>', 'not_the_expected_format'],
    ['another product', '<list id="forecast"><row><value/></row></list>', 'not_the_expected_format'],
    ['renamed columns', file('<row><wert>1</wert></row>'), 'not_the_expected_format'],
    ['ill-formed XML', file('<row><value>1</valu></row>'), 'not_the_expected_format'],
    ['a name that reaches into JavaScript', file(`${row}<__proto__><x>1</x></__proto__>`), 'not_the_expected_format'],
    ['a document type', `<!DOCTYPE list [<!ENTITY a "b">]>${file(row, '')}`, 'forbidden_markup'],
    ['an external entity', `<?xml version="1.0"?><!DOCTYPE list SYSTEM "file:///etc/passwd">${file(row, '')}`, 'forbidden_markup'],
    ['a file cut in an element', file(row).slice(0, -12), 'truncated_file'],
    ['a file cut in a tag', file(row).slice(0, -4), 'truncated_file'],
    ['elements nested too deep', file('<a>'.repeat(50) + '</a>'.repeat(50)), 'too_deep'],
    ['nothing', '', 'empty_payload'],
    ['an unknown encoding', file(row, '<?xml version="1.0" encoding="EBCDIC"?>'), 'wrong_encoding'],
    ['zero bytes', file('<row><value>\0</value></row>'), 'wrong_encoding'],
    [
      'UTF-8 declared as windows-1250',
      file('<row><value>č</value></row>', '<?xml version="1.0" encoding="windows-1250"?>'),
      'wrong_encoding',
    ],
  ])('%s', (_, content, code) => expect(codeOf(content)).toBe(code));

  it('bytes that are not the UTF-8 they should be, with the line', () => {
    const parsed = parse(Buffer.from(file('\n<row><value>è</value></row>'), 'latin1'));
    expect(parsed).toMatchObject({ ok: false, error: { code: 'wrong_encoding', message: expect.stringContaining('line 3') } });
  });

  it('a file above the limit, unread', () => expect(codeOf(file(row), 40)).toBe('too_large'));

  it('every cut of a good file', () => {
    const whole = Buffer.from(file('<row a="1"><value>&#269; č</value></row>'.repeat(3)).trimEnd());
    for (let length = 0; length < whole.length; length += 1) expect(codeOf(whole.subarray(0, length))).not.toBe('ok');
  });
});

it('never throws on noise', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parse(bytes)));
  fc.assert(fc.property(fc.string({ maxLength: 100 }), (inside) => void parse(file(inside))));
});
