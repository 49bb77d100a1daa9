import type { Origin } from './outbox.ts';

/** Memory of this size costs little; from 128 KiB on a process gets it page by page from the machine, which costs ten times as much a byte. */
const usualBytes = 120 * 1024;

const lineEnd = 0x0a;
const tab = 0x09;

/**
 * Publications as lines of bytes one behind the other, as they lie in the file: `+` or `-` (a removal), the origin as JSON, a tab, the
 * entity as JSON, a line end; JSON holds neither tabs nor line ends as such. They are outside the heap: as texts all that is on its way
 * would be copied again and again by the collector of garbage, which then takes a third of the processor's time.
 */
export class Lines {
  private bytes = Buffer.alloc(0);
  private used = 0;

  /** Writes a line behind the last one, or at the start of new memory. `take` gets its memory and the places where line, entity and line end are. */
  add<T>(origin: Origin, json: string, isRemoval: boolean, take: (bytes: Buffer, from: number, body: number, until: number) => T): T {
    const head = `${isRemoval ? '-' : '+'}${originText(origin)}\t`;
    // A character takes three bytes at most.
    const most = 3 * (head.length + json.length) + 1;
    if (this.used + most > this.bytes.length) {
      const needed = most <= usualBytes ? usualBytes : Buffer.byteLength(head) + Buffer.byteLength(json) + 1;
      this.bytes = Buffer.allocUnsafeSlow(needed);
      this.used = 0;
    }
    const { bytes, used: from } = this;
    const body = from + bytes.write(head, from);
    const until = body + bytes.write(json, body);
    bytes[until] = lineEnd;
    this.used = until + 1;
    return take(bytes, from, body, until);
  }
}

/** Calls `take` with the places of each line of a row, in order. */
export function eachLine(row: Buffer, take: (from: number, until: number) => void): void {
  for (let from = 0; from <= row.length;) {
    const end = row.indexOf(lineEnd, from);
    const until = end < 0 ? row.length : end;
    take(from, until);
    from = until + 1;
  }
}

/** Origin and place of the entity of a line; undefined when the line was damaged. @throws {SyntaxError} when the origin is no JSON. */
export function readHead(row: Buffer, from: number, until: number): { readonly origin: Origin; readonly body: number } | undefined {
  const end = row.indexOf(tab, from);
  if (end < 0 || end >= until) return undefined;
  return { origin: JSON.parse(row.toString('utf8', from + 1, end)) as Origin, body: end + 1 };
}

export function isRemovalAt(row: Buffer, from: number): boolean {
  return row[from] === 0x2d;
}

/** Origins of the messages of one topic differ by their moment only. */
const origins = new Map<string, { readonly plugin: string; readonly start: string }>();
const mostOrigins = 20_000;

function originText({ plugin, from, row, receivedAt }: Origin): string {
  if (row !== undefined) return JSON.stringify({ plugin, from, row, receivedAt });
  let known = origins.get(from);
  if (known?.plugin !== plugin) {
    if (origins.size >= mostOrigins) origins.clear();
    origins.set(from, (known = { plugin, start: `${JSON.stringify({ plugin, from }).slice(0, -1)},"receivedAt":"` }));
  }
  return `${known.start}${receivedAt}"}`;
}
