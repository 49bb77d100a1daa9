import { createMemoryOutbox } from '../../../core/outbox/memory.ts';
import { outboxContract } from './contract.ts';

outboxContract('memory', () => createMemoryOutbox());
