import { XMLParser, XMLValidator } from 'fast-xml-parser';

import type { Format, Row } from '../../plugin.ts';
import type { Rejection } from '../../rejection.ts';
import { err, ok, type Result } from '../../result.ts';
import { beginning, isRow, maxDepth, missingColumns, refusal, type Dataset } from './parsed.ts';
import { decodeText } from './text.ts';

const afterProlog = /^(?:\s|<\?[^>]*>|<!--[\s\S]*?-->)*/;

/**
 * Reads an XML file. Values stay strings; numeric character references are decoded; an empty element is `''`.
 * Refuses as a whole: `wrong_encoding`, `not_the_expected_format` (HTML, not XML, another product), `forbidden_markup` (DTD, entities),
 * `truncated_file`, `too_deep`.
 */
export function parseXml(bytes: Uint8Array, format: Format & { kind: 'xml' }, name: string): Result<Dataset> {
  const text = decodeText(bytes, name);
  if (!text.ok) return text;
  const fault = faultOf(text.value, name);
  if (fault !== undefined) return err(fault);
  try {
    return select(parser(format).parse(text.value), format, name);
  } catch (error) {
    // The parser throws a plain Error for its limits and for names such as __proto__.
    if (/nested/i.test(String(error))) return err(refusal('too_deep', `${name} nests elements more than ${maxDepth} deep`));
    return err(refusal('not_the_expected_format', `${name} cannot be read as XML: ${String(error)}`));
  }
}

function parser(format: Format & { kind: 'xml' }): XMLParser {
  const lists = new Set([...format.rows.slice(-1), ...(format.lists ?? [])]);
  return new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    // Otherwise "0617" becomes 617 and "1e3" becomes 1000.
    parseTagValue: false,
    parseAttributeValue: false,
    // Without it numeric character references such as &#269; stay as they are.
    htmlEntities: true,
    ignoreDeclaration: true,
    ignorePiTags: true,
    maxNestedTags: maxDepth,
    // A root may be called as its rows are.
    isArray: (tag, path) => lists.has(tag) && String(path) !== tag,
  });
}

/** What is wrong with the text before it is parsed. A document type is refused unread: it may define entities that grow without end. */
function faultOf(text: string, name: string): Rejection | undefined {
  const body = text.replace(afterProlog, '');
  if (!body.startsWith('<') || /^<(?:!doctype\s+html|html|head|body)\b/i.test(body)) {
    return refusal('not_the_expected_format', `${name} ${beginning(body, 'an XML dataset')}`);
  }
  const markup = /<!(DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/i.exec(text)?.[1];
  if (markup !== undefined) {
    return refusal('forbidden_markup', `${name} holds a <!${markup.toUpperCase()}> declaration; expected XML without a document type`);
  }
  const verdict = XMLValidator.validate(text);
  if (verdict === true) return undefined;
  const root = /^<([^\s/>]+)/.exec(body)?.[1] ?? '';
  if (!text.trimEnd().endsWith(`</${root}>`)) {
    return refusal('truncated_file', `${name} ends before its closing </${root}>`);
  }
  return refusal('not_the_expected_format', `${name} is not well-formed XML at line ${verdict.err.line}: ${verdict.err.msg}`);
}

/** Takes the rows out of the parsed tree by the path of the format. */
function select(tree: unknown, format: Format & { kind: 'xml' }, name: string): Result<Dataset> {
  const path = format.rows.slice(0, -1);
  const repeated = format.rows.at(-1) ?? '';
  let parent: unknown = tree;
  for (const step of path) parent = isRow(parent) ? parent[step] : undefined;
  if (!isRow(parent)) {
    const found = isRow(tree) ? Object.keys(tree).join(', ') : '';
    return err(refusal('not_the_expected_format', `${name} has the root element <${found}>; expected <${path.join('><')}>`));
  }
  const { [repeated]: repeats, ...header } = parent;
  const rows = (Array.isArray(repeats) ? repeats : []).map((row): Row => (isRow(row) ? row : {}));
  const other = otherProduct(header, rows, format, name);
  return other === undefined ? ok({ header, rows }) : err(other);
}

function otherProduct(header: Row, rows: readonly Row[], format: Format & { kind: 'xml' }, name: string): Rejection | undefined {
  const { root } = format;
  const label = root === undefined ? undefined : header[`@${root.attribute}`];
  if (root !== undefined && !(typeof label === 'string' && label.startsWith(root.startsWith))) {
    return refusal(
      'not_the_expected_format',
      `${name} says ${root.attribute}="${String(label)}"; expected one that begins with "${root.startsWith}"`,
    );
  }
  return missingColumns(rows, format.columns, name);
}
