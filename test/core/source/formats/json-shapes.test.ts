import { describe, expect, it } from '@jest/globals';

import { parseJsonRows } from '../../../../core/source/formats/json.ts';

function parse(value: unknown, format: object) {
  const result = parseJsonRows(Buffer.from(JSON.stringify(value)), { kind: 'json', rows: [], columns: [], ...format }, 'f.json');
  return result.ok ? result.value.rows : result.error.message;
}

describe('rows of JSON that are no list of objects', () => {
  const named = { rows: ['data'], names: 'fields', columns: ['id'] };

  it('take their names from another member', () => {
    expect(parse({ fields: ['id', 'pm2.5'], data: [[7, null], [8]] }, named)).toEqual([{ id: '7', 'pm2.5': '' }, { id: '8' }]);
    expect(parse({ fields: ['id'], data: [] }, named)).toEqual([]);
  });

  it('are another product without those names', () => {
    expect(parse({ data: [[7]] }, named)).toContain('holds no list at data; it has data');
    expect(parse({ error: 'no key' }, named)).toContain('holds no list at data; it has error');
  });
});
