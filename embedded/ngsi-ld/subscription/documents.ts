import type { Database } from 'better-sqlite3';

/** JSON documents of one kind, by tenant and id, in order of creation. They survive a restart. */
export interface Documents<T> {
  /** false: the id is taken. */
  add(tenant: string, id: string, document: T): boolean;
  get(tenant: string, id: string): T | undefined;
  list(tenant: string): T[];
  /** Of all tenants. */
  all(): T[];
  set(tenant: string, id: string, document: T): void;
  /** false: there was none. */
  remove(tenant: string, id: string): boolean;
}

export function createDocuments<T>(db: Database, kind: 'subscription' | 'registration' | 'registration-subscription'): Documents<T> {
  db.exec(`CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (kind, tenant, id)
  )`);
  const sql = {
    add: db.prepare('INSERT OR IGNORE INTO documents (kind, tenant, id, document) VALUES (?, ?, ?, ?)'),
    get: db.prepare<unknown[], string>('SELECT document FROM documents WHERE kind = ? AND tenant = ? AND id = ?').pluck(),
    list: db.prepare<unknown[], string>('SELECT document FROM documents WHERE kind = ? AND tenant = ? ORDER BY seq').pluck(),
    all: db.prepare<unknown[], string>('SELECT document FROM documents WHERE kind = ? ORDER BY seq').pluck(),
    set: db.prepare('UPDATE documents SET document = ? WHERE kind = ? AND tenant = ? AND id = ?'),
    remove: db.prepare('DELETE FROM documents WHERE kind = ? AND tenant = ? AND id = ?'),
  };
  const parse = (text: string): T => JSON.parse(text) as T;
  return {
    add: (tenant, id, document) => sql.add.run(kind, tenant, id, JSON.stringify(document)).changes > 0,
    get(tenant, id) {
      const text = sql.get.get(kind, tenant, id);
      return text === undefined ? undefined : parse(text);
    },
    list: (tenant) => sql.list.all(kind, tenant).map(parse),
    all: () => sql.all.all(kind).map(parse),
    set: (tenant, id, document) => void sql.set.run(JSON.stringify(document), kind, tenant, id),
    remove: (tenant, id) => sql.remove.run(kind, tenant, id).changes > 0,
  };
}
