import type { Entity } from '../entity/entity.ts';
import type { Instant } from '../plugin.ts';
import type { Brief, Origin, Publication, Queued } from './outbox.ts';
import { placeOf } from './numbered.ts';
import { briefOf } from './watermarks.ts';

/** Publications in one row of the file: a row costs the same for one as for many, and a damaged page costs no more than these. */
export const segmentSize = 32;

/** Publications that were accepted one after the other: numbers `first` to `first + count - 1`. */
export interface Segment {
  readonly first: number;
  readonly count: number;
  readonly at: Instant;
  /** A bit for each that is settled, and for each settled one whose watermark is written. */
  settled: number;
  marked: number;
  /** Of the settled ones those that the broker did not take, or of which it is not known. */
  refused: number;
  /** Undefined while they lie in the file only. */
  entries: readonly (Queued | undefined)[] | undefined;
  /** Length of the entries in characters. */
  size: number;
}

/**
 * A publication in memory is its JSON: thousands of entities as objects would cost three times as much, and the collector of garbage would
 * look at each of their parts again and again. The few places that look into an entity read it.
 */
export class HeldPublication implements Queued {
  declare readonly removal?: true;

  constructor(
    /** 0 until it is written. */
    public seq: number,
    readonly origin: Origin,
    readonly brief: Brief,
    public json: string,
    removal: boolean,
  ) {
    if (removal) this.removal = true;
  }

  get entity(): Entity {
    return JSON.parse(this.json) as Entity;
  }
}

export function prepare(publication: Publication): HeldPublication {
  const { origin, removal, json, brief } = publication;
  const entity = json === undefined || brief === undefined ? publication.entity : undefined;
  return new HeldPublication(0, origin, brief ?? briefOf(entity as Entity), json ?? JSON.stringify(entity), removal === true);
}

/** What a publication takes of the disk at most, but for texts that are not ASCII: in the log, and in the file when the log goes into it. */
export function bytesOnDisk({ json, origin }: HeldPublication): number {
  return 2 * (json.length + origin.from.length + 200);
}

/**
 * The row of publications that are numbered from `first`: a line for each, JSON holds neither tabs nor line ends as such. In memory the
 * JSON of each is from now on a piece of the row's text and no other copy.
 */
export function rowOf(part: HeldPublication[], first: number): string {
  // Joined to one text at the end, all at once.
  let row = '';
  const ends: number[] = [];
  for (const { origin, removal, json } of part) {
    row += `${row === '' ? '' : '\n'}${removal === true ? '-' : '+'}${originText(origin)}\t${json}`;
    ends.push(row.length);
  }
  for (let place = 0; place < part.length; place++) {
    let one = part[place] as HeldPublication;
    // It was written before, and nobody knows whether that is on disk: that one may be under way already.
    if (one.seq !== 0) part[place] = one = new HeldPublication(0, one.origin, one.brief, one.json, one.removal === true);
    one.seq = first + place;
    const end = ends[place] ?? 0;
    one.json = row.slice(end - one.json.length, end);
  }
  return row;
}

/** Origins of the messages of one topic differ by their moment only. */
const origins = new Map<string, { readonly plugin: string; readonly tenant: string | undefined; readonly start: string }>();
const mostOrigins = 20_000;

function originText({ plugin, from, row, receivedAt, tenant }: Origin): string {
  if (row !== undefined) return JSON.stringify({ plugin, from, row, receivedAt, tenant });
  let known = origins.get(from);
  if (known?.plugin !== plugin || known.tenant !== tenant) {
    if (origins.size >= mostOrigins) origins.clear();
    origins.set(from, (known = { plugin, tenant, start: `${JSON.stringify({ plugin, from, tenant }).slice(0, -1)},"receivedAt":"` }));
  }
  return `${known.start}${receivedAt}"}`;
}

/** Of whatever year: a clock may have stood at 1970. */
const moment = /^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/;

/** Whether a row of the file may be one that was written, and no noise. */
export function isSegment(row: object): row is { first: number; count: number; at: Instant; body: string } {
  const { first, count, at, body = '' } = row as Readonly<Record<string, unknown>>;
  if (!Number.isSafeInteger(first) || !Number.isInteger(count) || typeof at !== 'string' || typeof body !== 'string') return false;
  return (first as number) > 0 && (count as number) > 0 && (count as number) <= segmentSize && moment.test(at);
}

/**
 * The publications of a row; undefined for lines that were damaged. Where the damage took or made line ends, the lines before it keep their
 * places from the beginning and those after it theirs from the end.
 */
export function parseRow(body: string, { first, count }: Pick<Segment, 'first' | 'count'>): (Queued | undefined)[] {
  const lines = body.split('\n');
  const entries = Array.from({ length: count }, (_, place) => parseLine(lines[place] ?? '', first + place));
  if (lines.length === count) return entries;
  const damaged = entries.indexOf(undefined);
  if (damaged === -1) return entries;
  entries.fill(undefined, damaged);
  for (let place = count - 1; place > damaged; place--) {
    const entry = parseLine(lines[place + lines.length - count] ?? '', first + place);
    if (entry === undefined) break;
    entries[place] = entry;
  }
  return entries;
}

/** The publication of a line; undefined when the line was damaged. */
export function parseLine(line: string, seq: number): Queued | undefined {
  const tab = line.indexOf('\t');
  if (tab < 0) return undefined;
  try {
    const json = line.slice(tab + 1);
    const brief = briefOf(JSON.parse(json) as Entity);
    return new HeldPublication(seq, JSON.parse(line.slice(1, tab)) as Origin, brief, json, line.startsWith('-'));
  } catch {
    return undefined;
  }
}

/** Bits of all publications of a segment. */
function allOf({ count }: Pick<Segment, 'count'>): number {
  return count >= 32 ? 0xffffffff : (1 << count) - 1;
}

export function isDone(segment: Segment): boolean {
  return segment.settled >>> 0 === allOf(segment) >>> 0;
}

export function bitsIn(mask: number): number {
  let count = 0;
  for (let rest = mask >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}

/** Characters of publications that are held in memory beside the file. */
const mostHeld = 12_000_000;

/** What waits, in the order of acceptance: the newest ones in memory as they were committed, the others as numbers of rows. */
export class SegmentIndex {
  private segments: Segment[] = [];
  private held = 0;
  /** Rows read from the file, oldest reading first. */
  private readonly reread: Segment[] = [];
  /** Publications that wait. */
  waiting = 0;
  /** Number of the newest segment, also when it is dropped, and the number after all its publications. */
  newest = 0;
  next = 1;

  /** `read` gives the lines of a row; `onTorn` is told when one that waits makes no sense, though the row could be read. */
  constructor(
    private readonly read: (first: number) => string | undefined,
    private readonly onTorn: () => void,
  ) {}

  add(segment: Segment): void {
    if (this.held + segment.size > mostHeld) segment.entries = undefined;
    if (segment.entries !== undefined) this.held += segment.size;
    this.segments.push(segment);
    this.waiting += segment.count - bitsIn(segment.settled);
    this.newest = segment.first;
    this.next = segment.first + segment.count;
  }

  /** The segment that holds a number. */
  find(seq: number): Segment | undefined {
    const segment = this.segments[placeOf(this.segments, seq)];
    return segment !== undefined && seq >= segment.first ? segment : undefined;
  }

  oldest(): Segment | undefined {
    return this.segments.find((segment) => !isDone(segment));
  }

  /** Calls `take` with each waiting publication after `after`, in order, until it says false. */
  each(after: number, take: (queued: Queued) => boolean): void {
    for (let at = placeOf(this.segments, after + 1); at < this.segments.length; at++) {
      const segment = this.segments[at];
      if (segment === undefined || isDone(segment)) continue;
      for (const [place, queued] of this.entriesOf(segment).entries()) {
        if (queued === undefined || queued.seq <= after || (segment.settled & (1 << place)) !== 0) continue;
        if (!take(queued)) return;
      }
    }
  }

  /** The same from the newest back. */
  eachBack(take: (queued: Queued) => boolean): void {
    for (let at = this.segments.length - 1; at >= 0; at--) {
      const segment = this.segments[at];
      if (segment === undefined || isDone(segment)) continue;
      const entries = this.entriesOf(segment);
      for (let place = entries.length - 1; place >= 0; place--) {
        const queued = entries[place];
        if (queued !== undefined && (segment.settled & (1 << place)) === 0 && !take(queued)) return;
      }
    }
  }

  /** Nothing of a segment is looked at any more unless it is asked for, which reads it again. */
  release(segment: Segment): void {
    if (segment.entries !== undefined) this.held -= segment.size;
    segment.entries = undefined;
  }

  /** Forgets segments of which everything is settled and written. */
  drop(gone: ReadonlySet<Segment>): void {
    for (const segment of gone) this.release(segment);
    this.segments = this.segments.filter((segment) => !gone.has(segment));
  }

  /** All entries of a segment, also settled ones. */
  entriesOf(segment: Segment): readonly (Queued | undefined)[] {
    if (segment.entries !== undefined) return segment.entries;
    const body = this.read(segment.first);
    const entries = parseRow(body ?? '', segment);
    segment.size = body?.length ?? 0;
    segment.entries = entries;
    this.held += segment.size;
    this.reread.push(segment);
    while (this.held > mostHeld && this.reread.length > 8) {
      const first = this.reread.shift();
      if (first?.entries === undefined || first === segment) continue;
      this.held -= first.size;
      first.entries = undefined;
    }
    const isTorn = entries.some((one, place) => one === undefined && (segment.settled & (1 << place)) === 0);
    if (isTorn && body !== undefined) this.onTorn();
    return entries;
  }
}
