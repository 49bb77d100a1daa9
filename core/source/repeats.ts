/** Entities and moments that are remembered: 48 MB at most. What repeats beyond them is not noticed. */
const mostRemembered = 2_000_000;

/**
 * Notices rows of one large file that say different things of one entity and moment, by two numbers for each instead of the texts. What is
 * contradicted anywhere in the file is known when all of it was seen once.
 */
export class Repeats {
  private keys = new Float64Array(1 << 16);
  /** 32 bits are enough to tell two texts of one key apart; 0: contradicted. */
  private contents = new Uint32Array(1 << 16);
  private count = 0;
  /** Rows that contradict each other, as far as noted. */
  contradicted = 0;

  /** Remembers what a row says of an entity and moment. */
  note(subject: string, content: string): void {
    const key = hash(subject);
    const at = this.find(key);
    const said = hash(content) >>> 0 || 1;
    if (this.keys[at] === key) {
      if (this.contents[at] === said) return;
      // The first of them is one as well.
      this.contradicted += this.contents[at] === 0 ? 1 : 2;
      this.contents[at] = 0;
      return;
    }
    if (this.count >= mostRemembered) return;
    this.keys[at] = key;
    this.contents[at] = said;
    this.count += 1;
    if (this.count * 2 > this.keys.length) this.grow();
  }

  get hasContradictions(): boolean {
    return this.contradicted > 0;
  }

  /** Whether rows of the file say different things of it. */
  isContradicted(subject: string): boolean {
    if (!this.hasContradictions) return false;
    const key = hash(subject);
    const at = this.find(key);
    return this.keys[at] === key && this.contents[at] === 0;
  }

  private find(key: number): number {
    const mask = this.keys.length - 1;
    let at = (key % 0x7fffffff) & mask;
    while (this.keys[at] !== 0 && this.keys[at] !== key) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const { keys, contents } = this;
    this.keys = new Float64Array(keys.length * 2);
    this.contents = new Uint32Array(keys.length * 2);
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index] ?? 0;
      if (key === 0) continue;
      const at = this.find(key);
      this.keys[at] = key;
      this.contents[at] = contents[index] ?? 0;
    }
  }
}

/** 53 bits and never 0, so that two of two million texts share one by a chance of 1 to 4,000 at most (cyrb53). */
function hash(text: string): number {
  let [one, other] = [0xdeadbeef, 0x41c6ce57];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    one = Math.imul(one ^ code, 2654435761);
    other = Math.imul(other ^ code, 1597334677);
  }
  one = Math.imul(one ^ (one >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909);
  other = Math.imul(other ^ (other >>> 16), 2246822507) ^ Math.imul(one ^ (one >>> 13), 3266489909);
  return 4294967296 * (2097151 & other) + (one >>> 0) || 1;
}
