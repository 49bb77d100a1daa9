import type { Done } from '../outbox/outbox.ts';
import { acknowledgements, type Published } from './mqtt-frames.ts';

interface Held {
  readonly type: 0x40 | 0x50;
  readonly id: number;
  readonly connection: number;
  safe: boolean;
}

export interface PendingOptions {
  /** Sends bytes on the present connection. */
  send(bytes: Buffer): void;
  /** Calls `done` when the message is safe, or with the reason why it never will be. */
  accept(message: Published, done: Done): void;
  /** A message could not be kept: it must come again. */
  onLost(): void;
  /** There is room again after `isFull`. */
  onRoom(): void;
  readonly most: { readonly messages: number; readonly bytes: number };
}

/**
 * Messages that wait for the disk. Acknowledgements leave in the order of arrival, only after a message and all before it are safe, only on
 * the connection by which it came, and all that a commit made safe in one write.
 */
export class Pending {
  private queue: Held[] = [];
  private head = 0;
  private connection = 0;
  private messages = 0;
  private bytes = 0;
  private flushing = false;
  private wasFull = false;
  /** Ids of QoS 2 whose message is safe and whose PUBREL has not come. */
  private readonly released = new Set<number>();

  constructor(private readonly options: PendingOptions) {}

  get waiting(): number {
    return this.messages;
  }

  get isFull(): boolean {
    const { messages, bytes } = this.options.most;
    return this.messages >= messages || this.bytes >= bytes;
  }

  take(message: Published): void {
    const { qos, id } = message;
    if (qos === 2 && this.released.has(id)) {
      this.options.send(acknowledgements([{ type: 0x50, id }]));
      return;
    }
    const size = message.payload.length + message.topic.length;
    this.messages++;
    this.bytes += size;
    if (this.isFull) this.wasFull = true;
    const held: Held | undefined = qos === 0 ? undefined : { type: qos === 1 ? 0x40 : 0x50, id, connection: this.connection, safe: false };
    if (held !== undefined) this.queue.push(held);
    this.options.accept(message, (error) => {
      this.leave(size);
      if (error !== undefined) this.options.onLost();
      else if (held !== undefined) {
        held.safe = true;
        if (!this.flushing) setImmediate(() => this.flush());
        this.flushing = true;
      }
    });
  }

  /** The broker has let go of a QoS 2 message. */
  complete(id: number): void {
    this.released.delete(id);
    this.options.send(acknowledgements([{ type: 0x70, id }]));
  }

  /** Another connection: what was not acknowledged comes again on it, except for what the broker knows to be released. */
  renew(sessionPresent: boolean): void {
    this.connection++;
    this.queue = [];
    this.head = 0;
    if (!sessionPresent) this.released.clear();
  }

  flush(): void {
    this.flushing = false;
    const acks: Held[] = [];
    for (let held = this.queue[this.head]; held?.safe === true; held = this.queue[++this.head]) {
      if (held.type === 0x50) this.released.add(held.id);
      acks.push(held);
    }
    if (this.head > 1_000 || this.head === this.queue.length) {
      this.queue = this.queue.slice(this.head);
      this.head = 0;
    }
    if (acks.length > 0) this.options.send(acknowledgements(acks));
  }

  private leave(size: number): void {
    this.messages--;
    this.bytes -= size;
    const { messages, bytes } = this.options.most;
    if (!this.wasFull || this.messages > messages / 2 || this.bytes > bytes / 2) return;
    this.wasFull = false;
    this.options.onRoom();
  }
}
