import type { Endpoint } from '../subscription/document.ts';

/** A notification ready to leave. */
export interface Message {
  readonly endpoint: Endpoint;
  /** HTTP headers, or the metadata of an MQTT message. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
}

/** How a kind of endpoint is reached. Rejects when the receiver did not take the message. */
export interface Sender {
  send(message: Message): Promise<void>;
  close(): Promise<void>;
}
