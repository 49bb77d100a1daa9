/** Sensors that know what they sent: QoS 1, sent again until there is a PUBACK. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync, type MqttClient } from 'mqtt';

import { deviceId, published, type Truth } from './truth.ts';

export interface StreamOptions {
  readonly truth: Truth;
  readonly port: number;
  readonly perSecond: number;
  /** The first message; those before it came to the line in another way. */
  readonly from?: number;
  /** Mixes what is sent, and says what is sent twice; default: as it was measured, each once. */
  readonly order?: (numbers: readonly number[]) => readonly number[];
}

const mostUnderWay = 300;
/** Messages that are ordered together. */
const block = 400;

/** A stream of measurements from all devices, until it is stopped. */
export class Stream {
  private next: number;
  private stopping = false;
  private running: Promise<void> = Promise.resolve();
  private readonly underWay = new Set<Promise<void>>();
  private readonly acknowledged = new Set<number>();

  private constructor(
    private readonly client: MqttClient,
    private readonly options: StreamOptions,
  ) {
    this.next = options.from ?? 0;
  }

  static async open(options: StreamOptions): Promise<Stream> {
    const clientId = `sensors-${options.truth.run}`;
    const client = await connectAsync(`mqtt://127.0.0.1:${options.port}`, { clientId, clean: false, reconnectPeriod: 200 });
    client.on('error', () => undefined);
    return new Stream(client, options);
  }

  /** Messages with a number below this were sent. */
  get count(): number {
    return this.next;
  }

  /** Messages with a PUBACK. */
  get sent(): readonly number[] {
    return [...this.acknowledged];
  }

  start(): void {
    this.stopping = false;
    this.running = this.run();
  }

  /** Resolves when each message that was sent has its PUBACK. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
    await Promise.all(this.underWay);
  }

  /** Publishes so many more, as fast as they are taken. */
  async burst(messages: number): Promise<void> {
    for (const n of this.take(messages)) await this.send(n);
    await Promise.all(this.underWay);
  }

  /** Something that is no measurement. */
  async raw(topic: string, payload: Uint8Array): Promise<void> {
    await this.client.publishAsync(topic, Buffer.from(payload), { qos: 1 });
  }

  async close(): Promise<void> {
    this.stopping = true;
    await this.client.endAsync(true);
  }

  private async run(): Promise<void> {
    const start = performance.now();
    for (let sent = 0; !this.stopping;) {
      const due = Math.floor(((performance.now() - start) / 1_000) * this.options.perSecond) - sent;
      const size = this.options.order === undefined ? Math.min(due, block) : due >= block ? block : 0;
      const numbers = this.take(size);
      for (const n of numbers) await this.send(n);
      sent += size;
      await sleep(20);
    }
  }

  private take(size: number): readonly number[] {
    const numbers = Array.from({ length: Math.max(0, size) }, (_, place) => this.next + place);
    this.next += numbers.length;
    return this.options.order?.(numbers) ?? numbers;
  }

  /** Waits only while too many are without PUBACK. */
  private async send(n: number): Promise<void> {
    const { truth } = this.options;
    const { device, observedAt, pm10 } = published(truth, n);
    const payload = JSON.stringify({ pm10, TimeInstant: observedAt });
    const sending = this.persist(`/json/key/${deviceId(truth, device)}/attrs`, payload).then(() => {
      this.underWay.delete(sending);
      this.acknowledged.add(n);
    });
    this.underWay.add(sending);
    if (this.underWay.size >= mostUnderWay) await Promise.race(this.underWay);
  }

  private async persist(topic: string, payload: string): Promise<void> {
    for (;;) {
      try {
        await this.client.publishAsync(topic, payload, { qos: 1 });
        return;
      } catch {
        // The bench ends, or the connection was lost: a sensor tries again.
        if (this.client.disconnecting) return;
        await sleep(100);
      }
    }
  }
}
