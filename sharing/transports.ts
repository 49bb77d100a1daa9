import { credentialsOf } from './credentials.ts';
import { createCaller } from './http.ts';
import type { Partner } from './partner.ts';
import { createNotificationTransport, createUpsertTransport } from './transport-http.ts';
import { createMqttTransport } from './transport-mqtt.ts';
import type { Transport } from './transport.ts';

/** The way to a partner. `mark`: of its queue. */
export function transportTo(partner: Partner, contextOf: (type: string) => string, mark: string): Transport {
  const now = (): string => new Date().toISOString();
  if (partner.mode === 'mqtt') return createMqttTransport({ partner, contextOf, now, mark });
  const caller = callerTo(partner);
  const options = { partner, caller, contextOf, now, mark };
  return partner.target === 'upsert' ? createUpsertTransport(options) : createNotificationTransport(options);
}

/** Speaks to a partner as it is declared: tenant, credentials, certificates. */
export function callerTo(partner: Partner) {
  const credentials = credentialsOf(partner.auth, partner.secrets);
  return createCaller({ tenant: partner.tenant, tls: partner.auth, ...(credentials !== undefined && { credentials }) });
}
