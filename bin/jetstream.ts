/** What an outbox in NATS needs. Loaded where one is configured: its libraries take memory, and time at the start. */
export { connectCluster, namesOf } from '../core/outbox/jetstream/cluster.ts';
export { examineNats } from '../core/outbox/jetstream/examine.ts';
export { openGuestLine, openGuestOutbox } from '../core/outbox/jetstream/guest.ts';
export { leaseHolder, takeLease } from '../core/outbox/jetstream/lease.ts';
export { openJetStreamOutbox } from '../core/outbox/jetstream/outbox.ts';
