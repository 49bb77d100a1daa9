import Database, { type Database as Db } from 'better-sqlite3';
import type { ChangeFeed } from './changes.ts';
import { withoutExpired } from './expiry.ts';
import type { Change, EntityStore, EntityWriter, Instant, StoredEntity } from './types.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS tenants (name TEXT PRIMARY KEY) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS entities (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (tenant, id)
  );
  CREATE TABLE IF NOT EXISTS entity_types (
    tenant TEXT NOT NULL,
    type TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entities (seq) ON DELETE CASCADE,
    PRIMARY KEY (tenant, type, seq)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS entity_types_seq ON entity_types (seq);
`;

interface Row {
  seq: number;
  document: string;
}

/** `:memory:` or a file; WAL with FULL: a committed entity survives power loss. */
export function openDatabase(file: string): Db {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.exec(SCHEMA);
  return db;
}

/** Entities of all tenants. The empty tenant name is the default tenant, which always exists. */
export function createStore(db: Db, feed: ChangeFeed, clock: () => Instant): EntityStore {
  const sql = {
    tenant: db.prepare<[string]>('SELECT 1 FROM tenants WHERE name = ?'),
    tenants: db.prepare<[], string>('SELECT name FROM tenants ORDER BY name').pluck(),
    addTenant: db.prepare<[string]>('INSERT OR IGNORE INTO tenants (name) VALUES (?)'),
    get: db.prepare<[string, string], Row>('SELECT seq, document FROM entities WHERE tenant = ? AND id = ?'),
    page: db.prepare<[string, number], Row>('SELECT seq, document FROM entities WHERE tenant = ? AND seq > ? ORDER BY seq LIMIT 500'),
    pageOfTypes: db.prepare<[string, string, number], Row>(
      `SELECT DISTINCT e.seq, e.document FROM entity_types t JOIN entities e ON e.seq = t.seq
       WHERE t.tenant = ? AND t.type IN (SELECT value FROM json_each(?)) AND t.seq > ? ORDER BY e.seq LIMIT 500`,
    ),
    insert: db.prepare<[string, string, string]>('INSERT INTO entities (tenant, id, document) VALUES (?, ?, ?)'),
    update: db.prepare<[string, number]>('UPDATE entities SET document = ? WHERE seq = ?'),
    remove: db.prepare<[number]>('DELETE FROM entities WHERE seq = ?'),
    addType: db.prepare<[string, string, number]>('INSERT INTO entity_types (tenant, type, seq) VALUES (?, ?, ?)'),
    clearTypes: db.prepare<[number]>('DELETE FROM entity_types WHERE seq = ?'),
  };

  function* list(tenant: string, narrow: { ids?: readonly string[]; types?: readonly string[] } = {}): IterableIterator<StoredEntity> {
    if (narrow.ids !== undefined) {
      const rows = [...new Set(narrow.ids)].flatMap((id) => sql.get.get(tenant, id) ?? []).sort((a, b) => a.seq - b.seq);
      for (const row of rows) yield* alive(row);
      return;
    }
    const types = narrow.types === undefined ? undefined : JSON.stringify(narrow.types);
    // Pages instead of one open cursor: a listener may write between two of them.
    for (let after = 0; ;) {
      const rows = types === undefined ? sql.page.all(tenant, after) : sql.pageOfTypes.all(tenant, types, after);
      for (const row of rows) yield* alive(row);
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.seq;
    }
  }

  function writer(tenant: string, at: string, changes: Change[]): EntityWriter {
    // A batch reads each entity to change it: once is enough within the transaction.
    const known = new Map<string, { seq: number | undefined; entity: StoredEntity | undefined }>();
    function look(id: string): { seq: number | undefined; entity: StoredEntity | undefined } {
      const seen = known.get(id);
      if (seen !== undefined) return seen;
      const row = sql.get.get(tenant, id);
      const found = { seq: row?.seq, entity: entityOf(row) };
      known.set(id, found);
      return found;
    }
    function put(entity: StoredEntity, written: readonly string[], removed: readonly string[] = []): void {
      const { seq: old, entity: before } = look(entity.id);
      const document = JSON.stringify(entity);
      const seq = old ?? Number(sql.insert.run(tenant, entity.id, document).lastInsertRowid);
      if (old !== undefined) sql.update.run(document, old);
      if (before === undefined || before.types.join('\n') !== entity.types.join('\n')) {
        if (old !== undefined) sql.clearTypes.run(seq);
        for (const type of entity.types) sql.addType.run(tenant, type, seq);
      }
      known.set(entity.id, { seq, entity });
      const kind = before === undefined ? 'created' : 'updated';
      changes.push({
        tenant,
        kind,
        id: entity.id,
        ...(before && { before }),
        after: entity,
        written: [...written],
        removed: [...removed],
        at,
      });
    }
    function remove(id: string): boolean {
      const { seq, entity: before } = look(id);
      if (seq === undefined || before === undefined) return false;
      sql.remove.run(seq);
      known.set(id, { seq: undefined, entity: undefined });
      changes.push({ tenant, kind: 'deleted', id, before, written: [], removed: Object.keys(before.attributes), at });
      return true;
    }
    return { get: (id) => look(id).entity, put, delete: remove };
  }

  function get(tenant: string, id: string): StoredEntity | undefined {
    return entityOf(sql.get.get(tenant, id));
  }

  function entityOf(row: Row | undefined): StoredEntity | undefined {
    if (row === undefined) return undefined;
    const entity = JSON.parse(row.document) as StoredEntity;
    // Only few entities expire: the text tells which may.
    return row.document.includes('"expiresAt"') ? withoutExpired(entity, clock()) : entity;
  }

  function alive(row: Row): StoredEntity[] {
    return [entityOf(row) ?? []].flat();
  }

  return {
    tenantExists: (tenant) => tenant === '' || sql.tenant.get(tenant) !== undefined,
    tenants: () => sql.tenants.all(),
    createTenant: (tenant) => void (tenant === '' || sql.addTenant.run(tenant)),
    get,
    list,
    write(tenant, at, work) {
      const changes: Change[] = [];
      const result = db
        .transaction(() => {
          const value = work(writer(tenant, at, changes));
          if (changes.length > 0) feed.store(changes);
          return value;
        })
        .immediate();
      if (changes.length > 0) feed.committed(changes);
      return result;
    },
  };
}
