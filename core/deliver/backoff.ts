/** Full jitter: anything between nothing and the doubled pause, so that many who failed together do not come back together. */
export function jitter(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}

/** A pause that can be ended early from outside. */
export class Signal {
  private readonly waiters = new Set<() => void>();

  /** Resolves after `ms`, or when `fire` is called. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.waiters.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.waiters.add(end);
    });
  }

  fire(): void {
    for (const end of [...this.waiters]) end();
  }
}
