import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A publisher on the loopback that answers as the test says and remembers what it was asked. */
export class Publisher {
  readonly requests: IncomingMessage[] = [];
  private constructor(
    private readonly server: Server,
    readonly url: string,
    public answer: Answer,
  ) {}

  static async start(answer: Answer): Promise<Publisher> {
    const server = createServer((request, response) => {
      publisher.requests.push(request);
      publisher.answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const publisher = new Publisher(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}/data.xml`, answer);
    return publisher;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Answers with a body, or 304 when the validators of the request match. */
export function body(content: string, headers: Record<string, string> = {}, status = 200): Answer {
  return (request, response) => {
    const isKnown = headers['etag'] !== undefined && request.headers['if-none-match'] === headers['etag'];
    response.writeHead(isKnown ? 304 : status, headers).end(isKnown ? undefined : content);
  };
}
