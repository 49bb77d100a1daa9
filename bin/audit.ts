import { commandActor, openAudit, type AuditEntry } from '../core/service/audit.ts';
import type { Config } from '../core/service/config.ts';

/** Notes what a person did at the command line in the audit log of the data folder. */
export function auditOf({ dataDir }: Config): (action: string, of: readonly string[], detail: NonNullable<AuditEntry['detail']>) => void {
  const audit = openAudit({ folder: dataDir, clock: () => new Date().toISOString() });
  return (action, of, detail) => audit({ action, actor: commandActor(), of, detail });
}
