import type { Queued } from '../outbox/outbox.ts';

/** What waits of one entity, in order. */
export interface Line {
  readonly id: string;
  states: Queued[];
  underWay: boolean;
  isReady: boolean;
}

/** Entities that may be sent, by the context of their oldest state. */
export class Ready {
  private readonly byContext = new Map<string, Line[]>();
  count = 0;
  /** When the first of them came, or the last batch went. */
  since = 0;

  constructor(private readonly now: () => number) {}

  offer(line: Line, context: string): void {
    const lines = this.byContext.get(context);
    if (lines === undefined) this.byContext.set(context, [line]);
    else lines.push(line);
    line.isReady = true;
    if (this.count++ === 0) this.since = this.now();
  }

  /** The context of the oldest state, and the entities of that context. */
  oldest(): { readonly context: string; readonly lines: readonly Line[] } | undefined {
    let oldest = Infinity;
    let found: { readonly context: string; readonly lines: readonly Line[] } | undefined;
    for (const [context, lines] of this.byContext) {
      const seq = lines[0]?.states[0]?.seq ?? Infinity;
      if (seq >= oldest) continue;
      oldest = seq;
      found = { context, lines };
    }
    return found;
  }

  /** The first ones of a context are gone. */
  took(context: string, taken: number): void {
    const lines = this.byContext.get(context);
    lines?.splice(0, taken);
    if (lines?.length === 0) this.byContext.delete(context);
    this.count -= taken;
    this.since = this.now();
  }

  /** It is offered no longer. */
  withdraw(line: Line): void {
    for (const [context, lines] of this.byContext) {
      const place = lines.indexOf(line);
      if (place === -1) continue;
      lines.splice(place, 1);
      this.count--;
      if (lines.length === 0) this.byContext.delete(context);
    }
  }
}
