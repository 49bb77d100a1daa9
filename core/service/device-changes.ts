import type { Device } from '../plugin.ts';
import type { AuditEntry } from './audit.ts';

/** What a new version of the registry changed, for the audit log. */
export function changedDevices(before: readonly Device[], after: readonly Device[]): Pick<AuditEntry, 'of' | 'detail'> {
  const texts = (devices: readonly Device[]): Map<string, string> => new Map(devices.map((device) => [device.id, JSON.stringify(device)]));
  const old = texts(before);
  const now = texts(after);
  const added = [...now.keys()].filter((id) => !old.has(id));
  const removed = [...old.keys()].filter((id) => !now.has(id));
  const changed = [...now].filter(([id, text]) => old.has(id) && old.get(id) !== text).map(([id]) => id);
  return { of: [...added, ...changed, ...removed], detail: { added: added.length, changed: changed.length, removed: removed.length } };
}
