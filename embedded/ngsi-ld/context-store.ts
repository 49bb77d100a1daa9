import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';

export type ContextKind = 'Hosted' | 'Cached' | 'ImplicitlyCreated';

/** A context document the broker holds. `url` is where it came from (Cached) or where the broker serves it. */
export interface HeldContext {
  readonly localId: string;
  readonly url: string;
  readonly kind: ContextKind;
  /** Whose hosted context it is; empty for the default tenant and for cached ones. */
  readonly tenant: string;
  readonly document: unknown;
  readonly timestamp: string;
  readonly lastUsage?: string;
  readonly numberOfHits: number;
}

interface Row {
  local_id: string;
  url: string;
  kind: ContextKind;
  tenant: string;
  document: string;
  created_at: string;
  last_usage: string | null;
  hits: number;
}

export interface ContextStore {
  list(kind?: ContextKind): HeldContext[];
  byId(localId: string): HeldContext | undefined;
  byUrl(url: string): HeldContext | undefined;
  /** The same document of the same kind is held once. */
  put(kind: ContextKind, url: string | ((localId: string) => string), document: unknown, at: string, tenant?: string): HeldContext;
  used(localId: string, at: string): void;
  delete(localId: string): void;
}

export function createContextStore(db: Database): ContextStore {
  db.exec(`CREATE TABLE IF NOT EXISTS contexts (
    local_id TEXT PRIMARY KEY, url TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, tenant TEXT NOT NULL, document TEXT NOT NULL,
    created_at TEXT NOT NULL, last_usage TEXT, hits INTEGER NOT NULL DEFAULT 0)`);
  const sql = {
    list: db.prepare<[], Row>('SELECT * FROM contexts ORDER BY created_at, local_id'),
    byId: db.prepare<[string], Row>('SELECT * FROM contexts WHERE local_id = ?'),
    byUrl: db.prepare<[string], Row>('SELECT * FROM contexts WHERE url = ?'),
    put: db.prepare<[string, string, string, string, string, string]>(
      `INSERT INTO contexts (local_id, url, kind, tenant, document, created_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (local_id) DO UPDATE SET document = excluded.document`,
    ),
    used: db.prepare<[string, string]>('UPDATE contexts SET hits = hits + 1, last_usage = ? WHERE local_id = ?'),
    delete: db.prepare<[string]>('DELETE FROM contexts WHERE local_id = ?'),
  };
  return {
    list: (kind) =>
      sql.list
        .all()
        .map(heldOf)
        .filter((held) => kind === undefined || held.kind === kind),
    byId: (localId) => optional(sql.byId.get(localId)),
    byUrl: (url) => optional(sql.byUrl.get(url)),
    put(kind, url, document, at, tenant = '') {
      const text = JSON.stringify(document);
      // A cached context is one per URL, whatever its text; the others are one per text.
      const localId = `urn:ngsi-ld:Context:${digest(`${kind}\n${tenant}`, typeof url === 'string' ? url : text)}`;
      const known = sql.byId.get(localId);
      if (known?.document === text) return heldOf(known);
      sql.put.run(localId, typeof url === 'string' ? url : url(localId), kind, tenant, text, at);
      return heldOf(sql.byId.get(localId) as Row);
    },
    used: (localId, at) => void sql.used.run(at, localId),
    delete: (localId) => void sql.delete.run(localId),
  };
}

function digest(kind: string, text: string): string {
  return createHash('sha256').update(`${kind}\n${text}`).digest('hex').slice(0, 32);
}

function optional(row: Row | undefined): HeldContext | undefined {
  return row === undefined ? undefined : heldOf(row);
}

function heldOf(row: Row): HeldContext {
  return {
    localId: row.local_id,
    url: row.url,
    kind: row.kind,
    tenant: row.tenant,
    document: JSON.parse(row.document) as unknown,
    timestamp: row.created_at,
    ...(row.last_usage !== null && { lastUsage: row.last_usage }),
    numberOfHits: row.hits,
  };
}
