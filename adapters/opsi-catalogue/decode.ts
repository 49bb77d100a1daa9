import { accepted, decimal, refused, reject, requiredTexts, textOf, type Instant, type Outcome, type Rejection, type Row } from '#core';
import type { PackageRecord, ResourceRecord } from './record.ts';
import { address, listOf, momentOf, plainText } from './text.ts';

/** One package of CKAN. What names people (author, maintainer and their e-mail) is not read. */
export function decode(row: Row): Outcome<PackageRecord> {
  const texts = requiredTexts(row, 'id', 'name');
  if (!texts.ok) return refused(texts.error);
  const [id, name] = texts.value;
  const title = plainText(row, 'title');
  if (title === undefined) return refused(reject('decode', 'missing_field', `the data set ${name} has no title`, '/title'));
  const state = textOf(row, 'state') ?? 'active';
  if (state !== 'active' || textOf(row, 'private') === 'true') {
    return refused(reject('decode', 'invalid_value', `the data set ${name} is ${state === 'active' ? 'private' : state}`, '/state'));
  }
  const rejections: Rejection[] = [];
  const organization = row['organization'] as Row | undefined;
  const publisher = typeof organization === 'object' ? { id: textOf(organization, 'name'), name: plainText(organization, 'title') } : {};
  const extras = new Map(listOf(row, 'extras').map((extra) => [textOf(extra, 'key') ?? '', extra]));
  const frequency = ['frequency', 'pogostost_osvezevanja', 'update_frequency']
    .map((key) => extras.get(key))
    .find((extra) => extra !== undefined);
  return {
    ...accepted({
      id,
      name,
      title,
      description: plainText(row, 'notes') ?? title,
      ...(publisher.id !== undefined && publisher.name !== undefined && { publisher: { id: publisher.id, name: publisher.name } }),
      ...optional('licence', plainText(row, 'license_title') ?? plainText(row, 'license_id')),
      keywords: namesOf(listOf(row, 'tags'), 'display_name', 'name'),
      themes: namesOf(listOf(row, 'groups'), 'title', 'name'),
      ...optional('frequency', frequency === undefined ? undefined : plainText(frequency, 'value')),
      ...optional('issued', moment(row, 'metadata_created', '', rejections)),
      ...optional('modified', moment(row, 'metadata_modified', '', rejections)),
      resources: listOf(row, 'resources').flatMap((resource, at) => resourceOf(resource, `/resources/${at}`, rejections)),
    }),
    rejections,
  };
}

function resourceOf(row: Row, pointer: string, rejections: Rejection[]): ResourceRecord[] {
  const id = textOf(row, 'id');
  if (id === undefined) {
    rejections.push(reject('decode', 'missing_field', 'a resource has no id', `${pointer}/id`));
    return [];
  }
  const text = textOf(row, 'url');
  const url = text === undefined ? undefined : address(text);
  if (text !== undefined && url === undefined) {
    const message = `url of the resource ${id} is "${text}", which brokers do not take; only its page on the portal is published`;
    rejections.push(reject('decode', 'invalid_value', message, `${pointer}/url`));
  }
  const size = decimal(textOf(row, 'size') ?? '');
  return [
    {
      id,
      ...optional('title', plainText(row, 'name')),
      ...optional('description', plainText(row, 'description')),
      ...optional('url', url),
      ...optional('format', plainText(row, 'format')?.toUpperCase()),
      ...optional('mediaType', plainText(row, 'mimetype')),
      ...optional('size', size !== undefined && size > 0 ? size : undefined),
      ...optional('issued', moment(row, 'created', pointer, rejections)),
      ...optional('modified', moment(row, 'last_modified', pointer, rejections)),
    },
  ];
}

function moment(row: Row, column: string, pointer: string, rejections: Rejection[]): Instant | undefined {
  const found = momentOf(row, column);
  const text = textOf(row, column);
  if (found === undefined && text !== undefined) {
    rejections.push(
      reject('decode', 'invalid_time', `${column} is "${text}"; expected a moment as CKAN writes it`, `${pointer}/${column}`),
    );
  }
  return found;
}

function namesOf(rows: readonly Row[], ...columns: readonly string[]): string[] {
  const names = rows.flatMap((row) => columns.map((column) => plainText(row, column)).find((name) => name !== undefined) ?? []);
  return [...new Set(names)];
}

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
