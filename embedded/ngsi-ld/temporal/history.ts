import type { Database, Statement } from 'better-sqlite3';
import { asRemoved, lostInstances } from '../removed.ts';
import type { Change, Instant, StoredAttribute } from '../types.ts';
import type { TemporalWindow, TimeProperty } from './window.ts';

/** The name under which the scopes of an entity are kept among its attributes. */
export const SCOPE = 'scope';

/** One value that an attribute had. */
export interface Instance {
  readonly instanceId: string;
  readonly attribute: StoredAttribute;
  /** The value is the null that stands for a removal. */
  readonly deletedAt?: Instant;
}

export interface HistoryEntity {
  readonly id: string;
  readonly types: readonly string[];
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  readonly deletedAt?: Instant;
}

export interface NewInstance {
  readonly name: string;
  readonly attribute: StoredAttribute;
  readonly deletedAt?: Instant;
}

/** Every value of every attribute, by tenant and entity. Attribute names are IRIs. */
export interface History {
  entity(tenant: string, id: string): HistoryEntity | undefined;
  /** In order of creation. */
  entities(tenant: string, ids?: readonly string[]): HistoryEntity[];
  names(tenant: string, id: string): string[];
  /** Of one attribute, oldest first; `last`: only the newest so many. */
  instances(tenant: string, id: string, name: string, window: TemporalWindow, last?: number): Instance[];
  /** Creates the entity or adds types to it, and appends. true: it was created. */
  append(tenant: string, id: string, types: readonly string[], instances: readonly NewInstance[], at: Instant): boolean;
  replace(tenant: string, id: string, name: string, instanceId: string, attribute: StoredAttribute, at: Instant): void;
  removeEntity(tenant: string, id: string): boolean;
  /** `datasetId` null: the default instance; undefined: all. Gives the number of removed instances. */
  removeAttribute(tenant: string, id: string, name: string, datasetId: string | null | undefined): number;
  removeInstance(tenant: string, id: string, name: string, instanceId: string): boolean;
  /** To be called inside the transaction that stores the changes. */
  record(changes: readonly Change[]): void;
  /** Removes what arrived before `instant`. */
  forgetBefore(instant: Instant): number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS history_entities (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL, id TEXT NOT NULL, types TEXT NOT NULL, created TEXT NOT NULL, modified TEXT NOT NULL, deleted TEXT,
    UNIQUE (tenant, id)
  );
  CREATE TABLE IF NOT EXISTS history (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL, entity TEXT NOT NULL, attribute TEXT NOT NULL, dataset TEXT,
    observed INTEGER, created INTEGER NOT NULL, modified INTEGER NOT NULL, deleted INTEGER,
    document TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS history_by_observation ON history (tenant, entity, attribute, observed);
`;

interface Row {
  seq: number;
  document: string;
  created: number;
  modified: number;
  deleted: number | null;
}

interface EntityRow {
  id: string;
  types: string;
  created: string;
  modified: string;
  deleted: string | null;
}

const INSTANCE_PREFIX = 'urn:ngsi-ld:Instance:';
/** Column by which a temporal property selects and sorts. */
const COLUMN: Record<TimeProperty, string> = { observedAt: 'observed', createdAt: 'created', modifiedAt: 'modified', deletedAt: 'deleted' };

export function createHistory(db: Database): History {
  db.exec(SCHEMA);
  const sql = {
    entity: db.prepare<unknown[], EntityRow>('SELECT * FROM history_entities WHERE tenant = ? AND id = ?'),
    entities: db.prepare<unknown[], EntityRow>('SELECT * FROM history_entities WHERE tenant = ? ORDER BY seq'),
    addEntity: db.prepare(
      `INSERT INTO history_entities (tenant, id, types, created, modified) VALUES (@tenant, @id, @types, @at, @at)
       ON CONFLICT (tenant, id) DO UPDATE SET types = @types, modified = @at, deleted = NULL`,
    ),
    endEntity: db.prepare('UPDATE history_entities SET deleted = ?, modified = ? WHERE tenant = ? AND id = ?'),
    dropEntity: db.prepare('DELETE FROM history_entities WHERE tenant = ? AND id = ?'),
    names: db.prepare<unknown[], string>('SELECT DISTINCT attribute FROM history WHERE tenant = ? AND entity = ?').pluck(),
    add: db.prepare(
      `INSERT INTO history (tenant, entity, attribute, dataset, observed, created, modified, deleted, document)
       VALUES (@tenant, @id, @name, @dataset, @observed, @at, @at, @deleted, @document)`,
    ),
    same: db.prepare(
      'SELECT 1 FROM history WHERE tenant = ? AND entity = ? AND attribute = ? AND observed = ? AND document = ? AND deleted IS NULL LIMIT 1',
    ),
    replace: db.prepare(
      'UPDATE history SET document = ?, observed = ?, modified = ? WHERE seq = ? AND tenant = ? AND entity = ? AND attribute = ?',
    ),
    dropAll: db.prepare('DELETE FROM history WHERE tenant = ? AND entity = ?'),
    dropAttribute: db.prepare('DELETE FROM history WHERE tenant = ? AND entity = ? AND attribute = ?'),
    dropDataset: db.prepare('DELETE FROM history WHERE tenant = ? AND entity = ? AND attribute = ? AND dataset IS ?'),
    drop: db.prepare('DELETE FROM history WHERE seq = ? AND tenant = ? AND entity = ? AND attribute = ?'),
    // seq grows with arrival, so only what is to be forgotten is read.
    firstKept: db.prepare<unknown[], number>('SELECT seq FROM history WHERE created >= ? ORDER BY seq LIMIT 1').pluck(),
    forget: db.prepare('DELETE FROM history WHERE seq < ?'),
    forgetAll: db.prepare('DELETE FROM history WHERE created < ?'),
  };

  /** Statements by their text: one for each combination of bounds and time property. */
  const windowed = new Map<string, Statement<unknown[], Row>>();

  function instances(tenant: string, id: string, name: string, window: TemporalWindow, last?: number): Instance[] {
    const column = COLUMN[window.property];
    const conditions = ['tenant = ?', 'entity = ?', 'attribute = ?'];
    const values: (string | number)[] = [tenant, id, name];
    if (window.from !== undefined) conditions.push(`${column} >= ?`);
    if (window.from !== undefined) values.push(window.from);
    if (window.to !== undefined) conditions.push(`${column} < ?`);
    if (window.to !== undefined) values.push(window.to);
    const bounded = window.from !== undefined || window.to !== undefined;
    if (!bounded && window.property !== 'observedAt') conditions.push(`${column} IS NOT NULL`);
    // What was never observed is placed by its arrival.
    const order = bounded ? column : `COALESCE(${column}, created)`;
    const text = `SELECT seq, document, created, modified, deleted FROM history WHERE ${conditions.join(' AND ')} ORDER BY ${order} DESC, seq DESC LIMIT ?`;
    const statement = windowed.get(text) ?? db.prepare<unknown[], Row>(text);
    windowed.set(text, statement);
    // SQLite takes -1 as no limit.
    return statement
      .all(...values, last ?? -1)
      .reverse()
      .map(instanceOf);
  }

  function insert(tenant: string, id: string, { name, attribute, deletedAt }: NewInstance, at: Instant, once: boolean): void {
    const document = documentOf(attribute);
    const observed = attribute.observedAt === undefined ? null : Date.parse(attribute.observedAt);
    // A message that is delivered again brings the same observation, not a second one.
    if (once && observed !== null && sql.same.get(tenant, id, name, observed, document) !== undefined) return;
    const deleted = deletedAt === undefined ? null : Date.parse(deletedAt);
    sql.add.run({ tenant, id, name, dataset: attribute.datasetId ?? null, observed, at: Date.parse(at), deleted, document });
  }

  function recordOne(change: Change): void {
    const { tenant, id, before, after, at } = change;
    const known = sql.entity.get(tenant, id);
    if (after !== undefined) sql.addEntity.run({ tenant, id, types: JSON.stringify(after.types), at });
    else if (known !== undefined) sql.endEntity.run(at, at, tenant, id);
    for (const name of change.written) {
      for (const attribute of after?.attributes[name] ?? []) {
        if (isWritten(attribute, before?.attributes[name] ?? [])) insert(tenant, id, { name, attribute }, at, true);
      }
    }
    if (JSON.stringify(before?.scope) !== JSON.stringify(after?.scope)) {
      insert(
        tenant,
        id,
        { name: SCOPE, attribute: scopeInstance(after?.scope, at), ...(after?.scope === undefined && { deletedAt: at }) },
        at,
        false,
      );
    }
    for (const name of Object.keys(before?.attributes ?? {})) {
      for (const lost of lostInstances(before, after, name))
        insert(tenant, id, { name, attribute: asRemoved(lost), deletedAt: at }, at, false);
    }
  }

  return {
    entity(tenant, id) {
      const row = sql.entity.get(tenant, id);
      return row === undefined ? undefined : entityOf(row);
    },
    entities: (tenant, ids) =>
      (ids === undefined ? sql.entities.all(tenant) : ids.flatMap((id) => sql.entity.get(tenant, id) ?? [])).map(entityOf),
    names: (tenant, id) => sql.names.all(tenant, id),
    instances,
    append: db.transaction((tenant: string, id: string, types: readonly string[], added: readonly NewInstance[], at: Instant) => {
      const known = sql.entity.get(tenant, id);
      const all = [...new Set([...(known === undefined ? [] : entityOf(known).types), ...types])];
      sql.addEntity.run({ tenant, id, types: JSON.stringify(all), at });
      for (const one of added) insert(tenant, id, one, at, false);
      return known === undefined;
    }),
    replace(tenant, id, name, instanceId, attribute, at) {
      const observed = attribute.observedAt === undefined ? null : Date.parse(attribute.observedAt);
      sql.replace.run(documentOf(attribute), observed, Date.parse(at), seqOf(instanceId), tenant, id, name);
    },
    removeEntity: db.transaction((tenant: string, id: string) => {
      sql.dropAll.run(tenant, id);
      return sql.dropEntity.run(tenant, id).changes > 0;
    }),
    removeAttribute: (tenant, id, name, datasetId) =>
      datasetId === undefined ? sql.dropAttribute.run(tenant, id, name).changes : sql.dropDataset.run(tenant, id, name, datasetId).changes,
    removeInstance: (tenant, id, name, instanceId) => sql.drop.run(seqOf(instanceId), tenant, id, name).changes > 0,
    record: (changes) => changes.forEach(recordOne),
    forgetBefore(instant) {
      const cutoff = Date.parse(instant);
      const first = sql.firstKept.get(cutoff);
      return first === undefined ? sql.forgetAll.run(cutoff).changes : sql.forget.run(first).changes;
    },
  };
}

/** An attribute keeps instances of other datasets when one is written: those are not new. */
function isWritten(attribute: StoredAttribute, before: readonly StoredAttribute[]): boolean {
  const same = before.find((one) => one.datasetId === attribute.datasetId);
  if (same === undefined || before.length === 1) return true;
  return JSON.stringify(same) !== JSON.stringify(attribute);
}

/** 4.5.6: a scope in history is a Property, observed when it was modified. */
function scopeInstance(scope: readonly string[] | undefined, at: Instant): StoredAttribute {
  const value = scope === undefined ? [] : scope.length === 1 ? scope[0] : scope;
  return { type: 'Property', value, ...(scope !== undefined && { observedAt: at }), createdAt: at, modifiedAt: at };
}

/** Without its times of creation and modification, which have columns of their own. */
function documentOf({ createdAt: _created, modifiedAt: _modified, ...attribute }: StoredAttribute): string {
  return JSON.stringify(attribute);
}

function instanceOf(row: Row): Instance {
  const times = { createdAt: new Date(row.created).toISOString(), modifiedAt: new Date(row.modified).toISOString() };
  return {
    instanceId: INSTANCE_PREFIX + row.seq,
    attribute: { ...(JSON.parse(row.document) as StoredAttribute), ...times },
    ...(row.deleted !== null && { deletedAt: new Date(row.deleted).toISOString() }),
  };
}

function seqOf(instanceId: string): number {
  const text = instanceId.startsWith(INSTANCE_PREFIX) ? instanceId.slice(INSTANCE_PREFIX.length) : '';
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}

function entityOf(row: EntityRow): HistoryEntity {
  return {
    id: row.id,
    types: JSON.parse(row.types) as string[],
    createdAt: row.created,
    modifiedAt: row.modified,
    ...(row.deleted !== null && { deletedAt: row.deleted }),
  };
}
