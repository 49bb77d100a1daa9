import { Router, type Request, type Response } from 'express';
import { appendAttributes, createEntity, mergeEntity, type Edit } from '../edit.ts';
import { echoTenant, sendNoContent } from '../http/answer.ts';
import { listOf, paramsOf } from '../http/params.ts';
import { bodyOf, createdTenant, existingTenant, type Body } from '../http/request.ts';
import { sendText } from '../http/text.ts';
import { isFormat } from '../http/reading.ts';
import { route } from '../http/routing.ts';
import type { InputMode } from '../input/attribute.ts';
import { isObject } from '../input/shape.ts';
import { readEntity, type EntityInput } from '../input/entity.ts';
import { checkUri, isUri } from '../input/names.ts';
import { asProblem, Problem, problemDetails } from '../problems.ts';
import type { BrokerDeps, EntityWriter, ResolvedContext } from '../types.ts';
import { postQuery } from './batch-query.ts';
import { putReplaced } from './entities.ts';
import { refuseDatasets, refuseRetyping } from './orion.ts';

type Input = EntityInput & { id: string };
/** Stores one entity of a batch; tells whether it came into being. Throws a Problem that fails this entity only. */
type Apply = (writer: EntityWriter, input: Input, at: string, context: ResolvedContext) => 'created' | 'updated';

/** /entityOperations: the batch operations and the query by POST. */
export function batchRouter(deps: BrokerDeps): Router {
  const router = Router();
  const operation = (path: string, options: readonly string[], mode: InputMode, apply: (words: readonly string[]) => Apply): void => {
    route(router, deps, `/entityOperations/${path}`, {
      async post(req, res) {
        const words = optionsOf(req, options, deps);
        await runBatch(deps, req, res, { path, mode, apply: apply(words) });
      },
    });
  };
  operation('create', [], 'create', () => createOne);
  operation('upsert', ['update', 'replace'], 'create', (words) => (words.includes('update') ? upsertUpdate(deps) : upsertReplace));
  operation('update', ['noOverwrite', 'update', 'replace'], 'create', (words) => updateOne(deps, !words.includes('noOverwrite')));
  // Orion-LD 1.7 has no merge.
  if (deps.profile === 'strict') operation('merge', [], 'merge', () => mergeOne);
  route(router, deps, '/entityOperations/delete', { post: (req, res) => deleteBatch(deps, req, res) });
  route(router, deps, '/entityOperations/query', { post: (req, res) => postQuery(deps, req, res) });
  return router;
}

function optionsOf(req: Request, known: readonly string[], deps: BrokerDeps): string[] {
  const params = paramsOf(req, deps.profile === 'orion' ? ['options'] : ['options', 'local'], deps);
  const words = (listOf(params['options']) ?? []).filter((word) => !isFormat(word));
  const strange = words.find((word) => !known.includes(word));
  if (strange !== undefined) throw new Problem('InvalidRequest', 'Invalid URI parameter', `options: ${strange} is not known here`);
  if (words.includes('update') && words.includes('replace'))
    throw new Problem('BadRequestData', 'URI Param Error', 'options: update and replace exclude each other');
  return words;
}

interface ItemError {
  readonly entityId: string;
  readonly error: unknown;
}

async function runBatch(
  deps: BrokerDeps,
  req: Request,
  res: Response,
  batch: { path: string; mode: InputMode; apply: Apply },
): Promise<void> {
  const body = await bodyOf(req, deps, { list: true });
  const items = itemsOf(body.json);
  const creates = batch.path === 'create' || batch.path === 'upsert';
  const tenant = creates ? createdTenant(req, deps) : existingTenant(req, deps);
  const read = await Promise.all(items.map((item) => readItem(item, body, batch.mode, deps)));
  const at = deps.clock();
  const success: string[] = [];
  const created: string[] = [];
  const errors: ItemError[] = [];
  deps.store.write(tenant, at, (writer) => {
    for (const { entityId, input, context, problem } of read) {
      const failed =
        problem ??
        attempt(() => {
          if (batch.apply(writer, input as Input, at, context as ResolvedContext) === 'created' && !created.includes(entityId))
            created.push(entityId);
          if (!success.includes(entityId)) success.push(entityId);
        });
      if (failed !== undefined) errors.push({ entityId, error: problemDetails(failed, deps.profile) });
    }
  });
  if (errors.length > 0) return sendResult(req, res, 207, { success, errors });
  if (batch.path === 'create') return sendResult(req, res, 201, success);
  // Only those that came into being are told (6.15.3.1).
  if (created.length > 0) return sendResult(req, res, 201, created);
  sendNoContent(req, res);
}

interface ReadItem {
  readonly entityId: string;
  readonly input?: Input;
  readonly context?: ResolvedContext;
  readonly problem?: Problem;
}

async function readItem(item: unknown, body: Body, mode: InputMode, deps: BrokerDeps): Promise<ReadItem> {
  const entityId = idOf(item, deps);
  try {
    const context = await body.itemContext(item);
    const input = readEntity(item, { context, profile: deps.profile, mode });
    const id = checkUri(input.id, 'id');
    refuseDatasets(deps, input);
    return { entityId, input: { ...input, id }, context };
  } catch (error) {
    const problem = asProblem(error);
    if (problem === undefined) throw error;
    return { entityId, problem };
  }
}

function attempt(work: () => void): Problem | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    const problem = asProblem(error);
    if (problem === undefined) throw error;
    return problem;
  }
}

function createOne(writer: EntityWriter, input: Input, at: string): 'created' {
  requireType(input);
  if (writer.get(input.id) !== undefined) throw new Problem('AlreadyExists', 'Entity already exists', input.id);
  writer.put(createEntity(input, at), Object.keys(input.attributes));
  return 'created';
}

function upsertReplace(writer: EntityWriter, input: Input, at: string): 'created' | 'updated' {
  const before = writer.get(input.id);
  requireType(input);
  if (before === undefined) return createOne(writer, input, at);
  putReplaced(writer, before, createEntity(input, at, before));
  return 'updated';
}

const upsertUpdate =
  (deps: BrokerDeps): Apply =>
  (writer, input, at, context) => {
    if (writer.get(input.id) === undefined) return createOne(writer, input, at);
    return updateOne(deps, true)(writer, input, at, context);
  };

/** Batch update appends (5.6.9). With `overwrite: false` an attribute that was there fails the entity, the new ones are kept. */
const updateOne =
  (deps: BrokerDeps, overwrite: boolean): Apply =>
  (writer, input, at, context) => {
    const before = existing(writer, input.id);
    if (deps.profile === 'orion' && input.types.some((type) => !before.types.includes(type))) {
      throw new Problem('BadRequestData', 'Attempt to change the entity type', input.id);
    }
    const edit = appendAttributes(before, input, { overwrite, at });
    refuseRetyping(deps, before, edit.entity);
    store(writer, edit);
    if (edit.notUpdated.length > 0) {
      throw new Problem(
        'BadRequestData',
        'Attributes already exist',
        edit.notUpdated.map(({ iri }) => context.compactName(iri)).join(', '),
      );
    }
    return 'updated';
  };

function mergeOne(writer: EntityWriter, input: Input, at: string): 'updated' {
  store(writer, mergeEntity(existing(writer, input.id), input, at));
  return 'updated';
}

function store(writer: EntityWriter, edit: Edit): void {
  writer.put(edit.entity, edit.written, edit.removed);
}

function existing(writer: EntityWriter, id: string): NonNullable<ReturnType<EntityWriter['get']>> {
  const entity = writer.get(id);
  if (entity === undefined) throw new Problem('ResourceNotFound', 'Entity not found', id);
  return entity;
}

function requireType(input: Input): void {
  if (input.types.length === 0) throw new Problem('BadRequestData', 'Entity type is missing', input.id);
}

async function deleteBatch(deps: BrokerDeps, req: Request, res: Response): Promise<void> {
  optionsOf(req, [], deps);
  const { json } = await bodyOf(req, deps, { list: true });
  const ids = itemsOf(json);
  for (const id of ids) if (deps.profile === 'orion') checkUri(id, 'entity id');
  const wanted = deps.profile === 'orion' ? [...new Set(ids)] : ids;
  const success: string[] = [];
  const errors: ItemError[] = [];
  deps.store.write(existingTenant(req, deps), deps.clock(), (writer) => {
    for (const id of wanted) {
      const problem = attempt(() => {
        if (!writer.delete(checkUri(id, 'entity id'))) throw new Problem('ResourceNotFound', 'Entity not found', String(id));
      });
      if (problem === undefined) success.push(String(id));
      else errors.push({ entityId: String(id), error: problemDetails(problem, deps.profile) });
    }
  });
  if (errors.length > 0) return sendResult(req, res, 207, { success, errors });
  sendNoContent(req, res);
}

/** The items of a batch: a null among them, or none at all, fails the whole request (5.6.7.4). */
function itemsOf(json: unknown): unknown[] {
  if (!Array.isArray(json)) throw new Problem('BadRequestData', 'Invalid Payload Body', 'a JSON array is expected');
  if (json.length === 0) throw new Problem('BadRequestData', 'Empty Array', 'at least one item is expected');
  if (json.some((item) => item === null)) throw new Problem('BadRequestData', 'Invalid Payload Body', 'null is no item');
  return json as unknown[];
}

function idOf(item: unknown, deps: BrokerDeps): string {
  const id = isObject(item) ? (item['id'] ?? item['@id']) : undefined;
  if (typeof id === 'string' && (isUri(id) || id !== '')) return id;
  return deps.profile === 'orion' ? 'No Entity::id' : '';
}

function sendResult(req: Request, res: Response, status: number, body: unknown): void {
  echoTenant(req, res);
  sendText(res.status(status), 'application/json', JSON.stringify(body));
}
