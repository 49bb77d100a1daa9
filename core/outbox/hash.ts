/** The outbox keeps publications in so many shards; a number of lanes must divide it. */
const shards = 16;

/** Shard of an entity: one entity always has the same one, so that its publications stay in order. */
export function shardOf(entityId: string): number {
  return hashOf(entityId) % shards;
}

/** FNV-1a, 32 bit, with its halves folded into each other. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** 53 bits by which an exact repeat is recognised: two 32-bit multiplicative hashes side by side. No defence against intent. */
export function digestOf(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    high = Math.imul(high ^ code, 0x9e3779b1);
    low = Math.imul(low ^ code, 0x5f356495);
  }
  high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
  return (0x1_0000_0000 * (0x1f_ffff & low) + (high >>> 0)).toString(36);
}
