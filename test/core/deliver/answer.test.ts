import { describe, expect, it } from '@jest/globals';
import { readAnswer, readRemoval, type Answer, type Verdict } from '../../../core/deliver/answer.ts';

const ids = ['urn:a', 'urn:b', 'urn:c'];
const all: Verdict = { kind: 'perItem', accepted: ids, refused: [], retry: [], apart: [] };
const problem = (title: string, type = 'BadRequestData', status?: number) => ({
  type: `https://uri.etsi.org/ngsi-ld/errors/${type}`,
  title,
  ...(status !== undefined && { status }),
});

describe('readAnswer', () => {
  it.each<[string, Answer]>([
    ['204: only updates', { status: 204 }],
    ['201 names only the created ones', { status: 201, body: ['urn:b'] }],
    ['200', { status: 200, body: '' }],
    ['207 with empty errors (mix of creations and updates)', { status: 207, body: { success: ['urn:a'], errors: [] } }],
    ['207 without errors', { status: 207, body: { success: ids } }],
    [
      '207 with a duplicate remark beside success (legacy Orion-LD)',
      { status: 207, body: { success: ids, errors: [{ entityId: 'urn:b', error: problem('Duplicated Entity found, merged') }] } },
    ],
    [
      '207 with a nameless error beside full success',
      { status: 207, body: { success: ids, errors: [{ entityId: 'No Entity::id', error: problem('x') }] } },
    ],
  ])('all accepted: %s', (_, answer) => {
    expect(readAnswer(answer, ids)).toEqual(all);
  });

  it('207: each entity by its own error', () => {
    const errors = [
      { entityId: 'urn:a', error: problem('Invalid value', 'BadRequestData', 400) },
      { entityId: 'urn:b', error: problem('no context', 'LdContextNotAvailable', 504) },
    ];
    expect(readAnswer({ status: 207, body: { success: ['urn:c'], errors } }, ids)).toEqual({
      kind: 'perItem',
      accepted: ['urn:c'],
      refused: [{ id: 'urn:a', message: 'the broker refused it (Invalid value)' }],
      retry: [{ id: 'urn:b', message: 'the broker refused it (no context)' }],
      apart: [],
    });
  });

  it('207: an id in success and in errors is not taken as accepted', () => {
    const verdict = readAnswer(
      { status: 207, body: { success: ids, errors: [{ entityId: 'urn:a', error: problem('half', '', 400) }] } },
      ids,
    );
    expect(verdict).toMatchObject({ accepted: ['urn:b', 'urn:c'], refused: [{ id: 'urn:a' }] });
  });

  it.each(['', 'No Entity::id', undefined])('207: an error for entity id %p sends what is unclear apart', (entityId) => {
    const verdict = readAnswer({ status: 207, body: { success: ['urn:a'], errors: [{ entityId, error: problem('bad') }] } }, ids);
    expect(verdict).toMatchObject({ accepted: ['urn:a'], apart: ['urn:b', 'urn:c'], refused: [] });
  });

  it('207: a nameless error for a batch of one is that one', () => {
    const verdict = readAnswer({ status: 207, body: { success: [], errors: [{ entityId: '', error: problem('bad') }] } }, ['urn:a']);
    expect(verdict).toMatchObject({ accepted: [], refused: [{ id: 'urn:a', message: 'the broker refused it (bad)' }] });
  });

  it.each([400, 406, 409, 415, 422])('%i for the whole batch is refused', (status) => {
    expect(readAnswer({ status, body: problem('no') }, ids)).toMatchObject({ kind: 'refused', code: 'refused_by_broker' });
  });

  it('413 is too large', () => {
    expect(readAnswer({ status: 413, body: problem('big') }, ids)).toMatchObject({ kind: 'refused', code: 'too_large_for_broker' });
  });

  it.each<[string, Answer]>([
    ['no answer', { status: 0, failure: 'socket hang up' }],
    ['408', { status: 408 }],
    ['425', { status: 425 }],
    ['500 without a body', { status: 500, body: '' }],
    ['503 LdContextNotAvailable', { status: 503, body: problem('x', 'LdContextNotAvailable') }],
    ['504', { status: 504, body: problem('x', 'InternalError') }],
    ['400 that says InternalError', { status: 400, body: problem('x', 'InternalError') }],
  ])('may heal: %s', (_, answer) => {
    expect(readAnswer(answer, ids).kind).toBe('unavailable');
  });

  it('hands on Retry-After', () => {
    expect(readAnswer({ status: 429, retryAfterMs: 7_000 }, ids)).toMatchObject({ kind: 'unavailable', afterMs: 7_000 });
  });

  it.each<[string, Answer]>([
    ['401', { status: 401 }],
    ['403', { status: 403, body: 'Forbidden' }],
    ['404 Service Not Found', { status: 404, body: problem('Service Not Found', 'ResourceNotFound') }],
    ['404 of some other web server', { status: 404, body: '<html>' }],
    ['404 of another API', { status: 404, body: problem('No such path', 'ResourceNotFound') }],
    ['200 with a page', { status: 200, body: '<html><body>It works</body></html>' }],
    ['404 NonExistingTenant', { status: 404, body: problem('no such tenant', 'NonExistingTenant') }],
    ['400 without multi-tenancy', { status: 400, body: problem('no tenants', 'NoMultiTenantSupport') }],
    ['405', { status: 405 }],
    ['411', { status: 411 }],
    ['501', { status: 501, body: problem('x', 'OperationNotSupported') }],
    ['302', { status: 302 }],
  ])('denied: %s', (_, answer) => {
    expect(readAnswer(answer, ids).kind).toBe('denied');
  });

  it('404 for a missing entity is about the entity', () => {
    expect(readAnswer({ status: 404, body: { ...problem('Entity not found', 'ResourceNotFound'), entityId: 'urn:a' } }, ids).kind).toBe(
      'refused',
    );
  });
});

describe('readRemoval', () => {
  const missing = (entityId: string) => ({ entityId, error: problem('Entity not found', 'ResourceNotFound', 404) });

  it.each<[string, Answer]>([
    ['204', { status: 204 }],
    ['207: what was not there is gone', { status: 207, body: { success: ['urn:a'], errors: [missing('urn:b'), missing('urn:c')] } }],
    ['404 for all (Coraine)', { status: 404, body: { ...problem('Entity not found', 'ResourceNotFound'), entityId: ids } }],
    ['404: the tenant was never made', { status: 404, body: problem('No such tenant', 'NonexistentTenant') }],
  ])('all done: %s', (_, answer) => {
    expect(readRemoval(answer, ids)).toEqual(all);
  });

  it('207: what may heal is tried again', () => {
    const errors = [missing('urn:a'), { entityId: 'urn:b', error: problem('Database Error', 'InternalError', 500) }];
    expect(readRemoval({ status: 207, body: { success: ['urn:c'], errors } }, ids)).toMatchObject({
      accepted: ['urn:a', 'urn:c'],
      retry: [{ id: 'urn:b' }],
    });
  });

  it.each<[string, Answer, Verdict['kind']]>([
    ['400: an id that is no URI', { status: 400, body: problem('Not a URI') }, 'refused'],
    ['404 of another kind of server', { status: 404, body: '<html>not found</html>' }, 'denied'],
    ['404 without such an operation', { status: 404, body: problem('Service Not Found', 'ResourceNotFound') }, 'denied'],
    ['503', { status: 503 }, 'unavailable'],
  ])('%s', (_, answer, kind) => {
    expect(readRemoval(answer, ids).kind).toBe(kind);
  });
});
