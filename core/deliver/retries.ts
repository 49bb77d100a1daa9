/**
 * The lane apart: entities that a broker could not take at the moment, and those of which more waits than is read ahead. They are not in
 * the way of the others; each is read again from where it stopped.
 */
export class Retries {
  private readonly blocked = new Map<string, { readonly until: number; readonly attempts: number }>();
  /** Entities of which the queue does not hold everything: read up to this number. */
  private readonly behind = new Map<string, number>();
  /** Those of them that are to be read again now. */
  readonly returning = new Map<string, number>();

  constructor(private readonly now: () => number) {}

  block(id: string, after: number, pause: (attempts: number) => number): void {
    const attempts = this.blocked.get(id)?.attempts ?? 0;
    this.blocked.set(id, { attempts: attempts + 1, until: this.now() + pause(attempts) });
    this.behind.set(id, after);
  }

  isBlocked(id: string): boolean {
    return (this.blocked.get(id)?.until ?? 0) > 0;
  }

  /** More waits of it than is held; it comes back when that is sent. */
  fallBehind(id: string, after: number): void {
    this.behind.set(id, after);
  }

  isBehind(id: string): boolean {
    return this.behind.size > 0 && this.behind.has(id);
  }

  isFull(id: string): boolean {
    return this.behind.get(id) !== this.returning.get(id);
  }

  /** All that was held of it is sent. */
  drained(id: string): void {
    const after = this.behind.get(id);
    if (after !== undefined && !this.isBlocked(id)) this.returning.set(id, after);
  }

  delivered(id: string): void {
    this.blocked.delete(id);
  }

  /** Those whose pause is over are to be read again. They keep their number of attempts until they are delivered. */
  due(): void {
    if (this.blocked.size === 0) return;
    const now = this.now();
    for (const [id, { until, attempts }] of this.blocked) {
      if (until === 0 || until > now) continue;
      this.blocked.set(id, { until: 0, attempts });
      const after = this.behind.get(id);
      if (after !== undefined) this.returning.set(id, after);
    }
  }

  /** What was returning is read up to where all others are. */
  returned(): void {
    for (const id of this.returning.keys()) this.behind.delete(id);
    this.returning.clear();
  }

  /** Milliseconds until the next pause is over. */
  next(): number {
    let next = Infinity;
    for (const { until } of this.blocked.values()) if (until > 0) next = Math.min(next, Math.max(0, until - this.now()));
    return next;
  }
}
