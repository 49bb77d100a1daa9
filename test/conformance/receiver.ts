import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeLater } from './broker-under-test.ts';

export interface Received {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- notifications are looked into freely by the tests
  readonly body: any;
  readonly connection: number;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** What it answers from now on; `hang`: nothing. */
  answer: { status?: number; hang?: boolean; headers?: Record<string, string> };
}

/** A notification endpoint on a free port. */
export async function startReceiver(): Promise<Receiver> {
  const connections = new Map<unknown, number>();
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const connection = connections.get(req.socket) ?? connections.size + 1;
      connections.set(req.socket, connection);
      receiver.received.push({ url: req.url ?? '', headers: req.headers, body: JSON.parse(Buffer.concat(chunks).toString()), connection });
      if (receiver.answer.hang === true) return;
      res.writeHead(receiver.answer.status ?? 204, receiver.answer.headers).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeLater(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const receiver: Receiver = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notify`, received: [], answer: {} };
  return receiver;
}
