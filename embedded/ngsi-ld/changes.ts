import type { Change, Changes } from './types.ts';

type Listener = (changes: readonly Change[]) => void;

export interface ChangeFeed extends Changes {
  store(changes: readonly Change[]): void;
  committed(changes: readonly Change[]): void;
}

export function createChanges(): ChangeFeed {
  const onStore: Listener[] = [];
  const onCommitted: Listener[] = [];
  return {
    onStore: (listener) => void onStore.push(listener),
    onCommitted: (listener) => void onCommitted.push(listener),
    store: (changes) => onStore.forEach((listener) => listener(changes)),
    committed: (changes) => onCommitted.forEach((listener) => listener(changes)),
  };
}
