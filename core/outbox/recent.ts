import type { Queued } from './outbox.ts';
import { keyOf } from './watermarks.ts';

/** States that are remembered at least: more than any MQTT broker sends again after a connection is lost. */
export const recentStates = 2_000;

class Generation {
  size = 0;
  private readonly known = new Map<string, { readonly texts: Set<string>; isRemoved: boolean }>();

  add(queued: Queued): void {
    this.size++;
    const id = keyOf(queued);
    let own = this.known.get(id);
    if (own === undefined) this.known.set(id, (own = { texts: new Set(), isRemoved: false }));
    if (queued.removal !== true) own.texts.add(textOf(queued));
    else {
      own.texts.clear();
      own.isRemoved = true;
    }
  }

  /** Undefined: nothing of it is known here. */
  has(queued: Queued): boolean | undefined {
    const own = this.known.get(keyOf(queued));
    return own?.texts.has(textOf(queued)) === true ? true : own?.isRemoved === true ? false : undefined;
  }
}

/**
 * What the broker has taken lately. A watermark says of an older state only that there is a newer one; here it can be seen that it is the
 * very same that was delivered before, as when a message comes again whose acknowledgement was lost.
 */
export class Recent {
  private young = new Generation();
  private old = new Generation();

  /** Accepted or, for a removal, gone. */
  add(queued: Queued): void {
    this.young.add(queued);
    if (this.young.size < recentStates) return;
    this.old = this.young;
    this.young = new Generation();
  }

  has(queued: Queued): boolean {
    return this.young.has(queued) ?? this.old.has(queued) ?? false;
  }
}

function textOf(queued: Queued): string {
  return queued.json ?? JSON.stringify(queued.entity);
}
