import { jitter, Signal } from './backoff.ts';

export interface CircuitOptions {
  readonly baseMs: number;
  /** Longest pause after an answer that says no, or none at all. */
  readonly capMs: number;
  /** Longest pause while no connection comes about. */
  readonly unreachedCapMs: number;
  readonly now: () => number;
  readonly random: () => number;
}

export interface Fault {
  readonly kind: 'unavailable' | 'denied';
  readonly message: string;
  readonly afterMs?: number;
  readonly unreached?: boolean;
}

/** A broker's `Retry-After` is followed up to here. */
const longestWishMs = 10 * 60_000;

/** A permission to send; valid for one round of requests. */
export type Ticket = symbol;

/** Holds every lane back while the broker is away; one at a time tries whether it has returned. */
export class Circuit {
  fault: Fault | undefined;
  private attempts = 0;
  private openUntil = 0;
  private probe: Ticket | undefined;
  private probeSince = 0;
  private round: symbol = Symbol('round');
  private readonly signal = new Signal();
  private closing = false;

  constructor(private readonly options: CircuitOptions) {}

  /** Resolves when this lane may send: at once in good times, else as the only one that tries. Undefined when stopping. */
  async enter(): Promise<Ticket | undefined> {
    while (!this.closing) {
      if (this.fault === undefined) return this.round;
      const rest = this.openUntil - this.options.now();
      if (rest <= 0 && this.probe === undefined) {
        this.probe = this.round = Symbol('probe');
        this.probeSince = this.options.now();
        return this.probe;
      }
      await this.signal.wait(rest > 0 ? rest : 1_000);
    }
    return undefined;
  }

  /** The broker answered. Says whether it was away before. */
  succeeded(ticket: Ticket): boolean {
    if (ticket !== this.round) return false;
    const recovered = this.fault !== undefined;
    this.fault = undefined;
    this.attempts = 0;
    this.probe = undefined;
    if (recovered) this.signal.fire();
    return recovered;
  }

  /** Opens the circuit. Failures of requests that were under way together count once. Says whether the operator should hear of it. */
  failed(ticket: Ticket, fault: Fault): boolean {
    if (ticket !== this.round) return false;
    const news = this.fault?.kind !== fault.kind;
    const { baseMs, capMs, unreachedCapMs, now, random } = this.options;
    const cap = fault.unreached === true ? unreachedCapMs : capMs;
    const pause = fault.kind === 'denied' ? capMs * (0.5 + random() / 2) : jitter(this.attempts, baseMs, cap, random);
    // While a broker was waited for in vain it was left in peace already.
    const waited = this.probe === ticket ? now() - this.probeSince : 0;
    this.attempts++;
    this.fault = fault;
    this.openUntil = now() + Math.max(pause - waited, Math.min(fault.afterMs ?? 0, longestWishMs));
    this.round = Symbol('round');
    this.probe = undefined;
    return news;
  }

  /** The lane had nothing to send after all. */
  release(ticket: Ticket): void {
    if (this.probe !== ticket) return;
    this.probe = undefined;
    this.signal.fire();
  }

  close(): void {
    this.closing = true;
    this.signal.fire();
  }
}
