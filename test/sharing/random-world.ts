/** Two brokers as they may be, for the random worlds of sharing: ours tells, forgets, pauses and is away; the partner's takes, fails and forgets to answer. */
import { RetryableError } from '../../core/errors.ts';
import type { Document, Documents } from '../../sharing/documents-api.ts';
import type { Call, Caller, Reply } from '../../sharing/http.ts';
import type { Lake } from '../../sharing/lake.ts';
import type { State } from '../../sharing/notice.ts';

export const type = 'WeatherObserved';
const begin = Date.parse('2026-05-01T00:00:00.000Z');
const observed = (n: number): string => new Date(begin + n * 1_000).toISOString();

interface Written {
  readonly id: string;
  readonly n: number;
  readonly at: number;
}

const pause = (random: () => number): Promise<void> =>
  new Promise((resolve) => (random() < 0.5 ? setTimeout(resolve, random() * 3) : setImmediate(resolve)));

export interface OurWishes {
  readonly random: () => number;
  /** It tells of deletions. */
  readonly tellsRemovals: boolean;
  /** Its history gives no more values at once. */
  readonly mostValues: number;
}

export type Telling = 'fine' | 'fails' | 'is killed' | 'is slow' | 'tells twice';

/** Our broker: states, history, one subscription. Its clock is the test's. */
export class OurBroker {
  clock = Date.parse('2026-06-01T12:00:00.000Z');
  telling: Telling = 'fine';
  isAway = false;
  /** Undefined: Klavže is not there. */
  receive: ((states: readonly State[]) => Promise<void>) | undefined;
  readonly present = new Map<string, Written>();
  readonly history: Written[] = [];
  readonly wereDeleted = new Set<string>();
  private isActive = true;
  private failures = { timesFailed: 0, inARow: 0, lastFailure: '' };
  private readonly slow: (() => void)[] = [];
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly wishes: OurWishes) {}

  /** `n`: which state of all; undefined: deleted. The same once more: written without a change. */
  write(id: string, n: number | undefined): void {
    const at = ++this.clock;
    if (n === undefined) {
      if (!this.present.delete(id)) return;
      this.wereDeleted.add(id);
      if (this.wishes.tellsRemovals) this.tell({ id, type, deletedAt: new Date(at).toISOString() } as unknown as State);
      return;
    }
    const written = { id, n, at };
    this.present.set(id, written);
    this.history.push(written);
    this.tell(stateOf(written));
  }

  private tell(state: State): void {
    if (!this.isActive) return;
    const { random } = this.wishes;
    const isOdd = random() < 0.4;
    const bring = (): void => {
      const work: Promise<void> = this.bring(state).finally(() => this.underWay.delete(work));
      this.underWay.add(work);
    };
    if (this.telling === 'is killed' && isOdd) return;
    if (this.telling === 'fails' && isOdd) this.failed();
    else if (this.telling === 'is slow' && isOdd) this.slow.push(bring);
    else bring();
    if (this.telling === 'tells twice' && isOdd) bring();
    if (this.slow.length > 5 || (this.slow.length > 0 && random() < 0.1))
      this.slow.splice(Math.floor(random() * this.slow.length), 1)[0]?.();
  }

  private async bring(state: State): Promise<void> {
    const to = this.receive;
    try {
      if (to === undefined) throw new Error('nobody there');
      await to([state]);
      // Killed before it answered.
      if (this.receive !== to) throw new Error('no answer');
      this.failures.inARow = 0;
    } catch {
      this.failed();
    }
  }

  private failed(): void {
    const { timesFailed, inARow } = this.failures;
    this.failures = { timesFailed: timesFailed + 1, inARow: inARow + 1, lastFailure: String(this.clock) };
    if (inARow + 1 >= 3) this.isActive = false;
  }

  /** Resolves when nothing that it tells is under way. */
  async quiet(): Promise<void> {
    for (const bring of this.slow.splice(0)) bring();
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  private async asked(): Promise<void> {
    await pause(this.wishes.random);
    if (this.isAway && this.wishes.random() < 0.7) throw new RetryableError('away');
  }

  readonly documents = {
    get: async (): Promise<Document> => {
      await this.asked();
      return { isActive: this.isActive, notification: { timesFailed: this.failures.timesFailed, lastFailure: this.failures.lastFailure } };
    },
    patch: async (): Promise<void> => {
      this.isActive = true;
      this.failures.inARow = 0;
      await this.asked();
    },
  } as unknown as Documents;

  readonly lake: Lake = {
    now: async () => {
      await this.asked();
      return Math.floor(this.clock / 1_000) * 1_000;
    },
    changed: async (_partner, _share, _context, since = 0) => {
      await this.asked();
      const found = [...this.present.values()].filter(({ at }) => at >= since).map(stateOf);
      await this.asked();
      return found;
    },
    ids: async () => {
      await this.asked();
      return new Set(this.present.keys());
    },
    exists: async (id) => {
      await this.asked();
      return this.present.has(id);
    },
    values: async (_partner, _share, _context, from, to, atOnce) => {
      await this.asked();
      const found = this.history.filter(({ at }) => at >= from && at < to);
      // Of few entities at once it gives more of each.
      const some = found.slice(0, this.wishes.mostValues * (atOnce > 1 ? 1 : 100));
      const entities = new Map<string, Record<string, unknown>>();
      for (const one of some) {
        const entity = entities.get(one.id) ?? { id: one.id, type, temperature: [] };
        (entity['temperature'] as unknown[]).push(stateOf(one)['temperature']);
        entities.set(one.id, entity);
      }
      return { entities: [...entities.values()] as State[], partial: some.length < found.length, bytes: 1 };
    },
  };
}

function stateOf({ id, n, at }: Written): State {
  const modifiedAt = new Date(at).toISOString();
  return { id, type, modifiedAt, temperature: { type: 'Property', value: n, observedAt: observed(n), modifiedAt } } as unknown as State;
}

export const moods = ['fine', 'fails', 'cuts', 'forgets to answer', 'locks some', 'takes few', 'is another page', 'denies'] as const;
export type Mood = (typeof moods)[number];

interface Told {
  readonly id: string;
  readonly deletedAt?: string;
  readonly temperature?: { readonly value: number } | readonly { readonly value: number }[];
}

/** The partner: a broker that is upserted into, or a receiver of notifications. */
export class TheirBroker {
  static readonly older = 'an older state over a newer one';
  mood: Mood = 'fine';
  readonly now = new Map<string, number>();
  readonly arrived = new Map<string, Set<number>>();
  readonly faults = new Set<string>();
  /** Values that were put into its history alone. */
  late = 0;
  private readonly newest = new Map<string, number>();

  constructor(
    private readonly random: () => number,
    private readonly poison: (id: string) => boolean,
    /** It sorts what it is told by the time of measurement, as who wants each value must. */
    private readonly sortsItself: boolean,
  ) {}

  /** Of a process that was killed nothing new comes. */
  caller(isAlive: () => boolean): Caller {
    return {
      call: async (call) => {
        if (!isAlive()) return { status: 0, bytes: 0, failure: 'killed' };
        await pause(this.random);
        return { bytes: 0, ...this.answer(call) };
      },
      close: () => undefined,
    };
  }

  private answer({ url, body = '' }: Call): Omit<Reply, 'bytes'> {
    const isBad = this.random() < 0.6;
    if (this.mood === 'fails' && isBad) return { status: 503 };
    if (this.mood === 'cuts' && isBad) return { status: 0, failure: 'cut' };
    if (this.mood === 'is another page' && isBad) return { status: 404, body: '<h1>Not Found</h1>' };
    if (this.mood === 'denies' && isBad) return { status: 401 };
    const path = new URL(url).pathname;
    const parsed = JSON.parse(body) as { data: Told[] } | Told[] | string[] | Told;
    if (path.endsWith('/temporal/entities')) return this.history(parsed as Told, isBad);
    const isNotification = !Array.isArray(parsed);
    const sent = (isNotification ? (parsed as { data: Told[] }).data : parsed).map((one) =>
      typeof one === 'string' ? { id: one, deletedAt: 'now' } : one,
    );
    if (this.mood === 'takes few' && sent.length > 3) return { status: 413 };
    if (new Set(sent.map(({ id }) => id)).size < sent.length) this.faults.add('an entity twice in a batch');
    const refused = sent.filter(({ id, deletedAt }) => deletedAt === undefined && this.poison(id));
    if (isNotification && refused.length > 0) return { status: 400 };
    const locked = isNotification ? [] : sent.filter(({ id }) => this.mood === 'locks some' && /[02468]$/.test(id) && isBad);
    for (const one of sent) if (!refused.includes(one) && !locked.includes(one)) this.keep(one);
    if (this.mood === 'forgets to answer' && isBad) return { status: 0, failure: 'no answer' };
    const errors = [
      ...locked.map(({ id }) => ({ entityId: id, error: { status: 500, title: 'locked' } })),
      ...refused.map(({ id }) => ({ entityId: id, error: { status: 400, title: 'bad' } })),
    ];
    if (errors.length === 0) return { status: 204 };
    return {
      status: 207,
      body: { success: sent.filter((one) => !refused.includes(one) && !locked.includes(one)).map(({ id }) => id), errors },
    };
  }

  private history({ id, temperature }: Told, isBad: boolean): Omit<Reply, 'bytes'> {
    if (this.poison(id)) return { status: 400 };
    for (const { value } of [temperature ?? []].flat()) this.arrivedOf(id).add(value);
    this.late++;
    return this.mood === 'forgets to answer' && isBad ? { status: 0, failure: 'no answer' } : { status: 204 };
  }

  private keep({ id, deletedAt, temperature }: Told): void {
    if (deletedAt !== undefined) {
      this.now.delete(id);
      return;
    }
    const { value } = [temperature ?? []].flat()[0] ?? { value: NaN };
    const newest = this.newest.get(id) ?? -1;
    if (!this.sortsItself && value < newest && !this.arrivedOf(id).has(value)) this.faults.add(TheirBroker.older);
    if (!this.sortsItself || value >= newest) this.now.set(id, value);
    this.newest.set(id, Math.max(newest, value));
    this.arrivedOf(id).add(value);
  }

  private arrivedOf(id: string): Set<number> {
    const seen = this.arrived.get(id) ?? new Set();
    this.arrived.set(id, seen);
    return seen;
  }
}
