import type { Format } from '../plugin.ts';
import { formatOf, type TableMapping } from './mapping.ts';

/** Where a table is fetched; empty: it comes through the inbox. */
export function addressOf({ dataset: { url, resource } }: TableMapping): string {
  if (url !== undefined) return url;
  return resource === undefined ? '' : `https://podatki.gov.si/api/3/action/datastore_search?resource_id=${resource}`;
}

/** The datastore of OPSI gives at most 32,000 rows at once (CKAN, `ckan.datastore.search.rows_max`). */
export const datastorePages = {
  offset: 'offset',
  limit: 'limit',
  size: 5000,
  rows: ['result', 'records'],
  total: ['result', 'total'],
} as const;

/** Whether the rows come from the datastore of the portal, page by page. */
export function isDatastore({ dataset: { url, resource } }: TableMapping): boolean {
  return url === undefined && resource !== undefined;
}

/** How CKAN says with HTTP 200 that it has no answer. */
const failure = { member: 'success', value: 'false', message: ['error', 'message'] } as const;

/** The form of the file that a mapping is for; it must have the columns. */
export function fileFormat(mapping: TableMapping, columns: readonly string[]): Format {
  const { kind, delimiter, encoding, sheet, headerRows, hiddenRows, rows, crs } = formatOf(mapping);
  const header = headerRows === undefined ? {} : { headerRows };
  switch (kind) {
    case 'csv':
      return {
        kind,
        columns,
        faultyLines: 'row',
        ...header,
        ...(delimiter !== undefined && { delimiter }),
        ...(encoding !== undefined && { encoding }),
      };
    case 'xlsx':
      return { kind, columns, ...header, ...(sheet !== undefined && { sheet }), ...(hiddenRows === 'skip' && { hiddenRows }) };
    case 'ndjson':
      return { kind, columns };
    case 'json':
      return isDatastore(mapping) ? { kind, columns, rows: datastorePages.rows, failure } : { kind, columns, rows: rows ?? [] };
    case 'geojson':
      return { kind, columns, ...(crs !== undefined && { crs }) };
  }
}
