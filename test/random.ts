/** Numbers from 0 to below 1, the same each time for a seed above 0 (Park–Miller): enough for a test. */
export function generator(seed: number): () => number {
  let at = seed % 2_147_483_647;
  return () => (at = (at * 48_271) % 2_147_483_647) / 2_147_483_647;
}
