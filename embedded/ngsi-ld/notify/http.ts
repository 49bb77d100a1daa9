import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

import type { Reach } from '../../../core/service/reach.ts';
import type { Profile } from '../types.ts';
import type { Message, Sender } from './send.ts';

/** POST with keep-alive. Any 2xx is a success; Orion-LD also wants a literal `Content-Length` in a 200. */
export function createHttpSender(profile: Profile, reach: Reach): Sender {
  const plain = new HttpAgent({ keepAlive: true });
  const secure = new HttpsAgent({ keepAlive: true });

  function post(message: Message, again: boolean): Promise<IncomingMessage> {
    const url = new URL(message.endpoint.uri);
    if (profile === 'orion') url.searchParams.append('subscriptionId', String(message.body['subscriptionId']));
    const payload = Buffer.from(JSON.stringify(message.body));
    const headers = { ...message.headers, 'Content-Length': String(payload.length) };
    const signal = AbortSignal.timeout(message.timeoutMs);
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', headers, signal, ...reach.connection(url) };
      const request =
        url.protocol === 'https:' ? httpsRequest(url, { ...options, agent: secure }) : httpRequest(url, { ...options, agent: plain });
      request.on('error', (error: NodeJS.ErrnoException) => {
        // The receiver closed an idle connection just as it was used again: nothing was read there, so once more.
        if (again && request.reusedSocket && error.code === 'ECONNRESET') post(message, false).then(resolve, reject);
        else reject(signal.aborted ? new Error(`no answer within ${message.timeoutMs} ms`) : error);
      });
      request.on('response', (response) => {
        response.resume();
        response.on('error', reject);
        response.on('end', () => resolve(response));
      });
      request.end(payload);
    });
  }

  return {
    async send(message) {
      const response = await post(message, true);
      const status = response.statusCode ?? 0;
      if (status < 200 || status > 299) throw new Error(`answered ${status}`);
      if (profile === 'orion' && status === 200 && !response.rawHeaders.includes('Content-Length')) {
        throw new Error('answered 200 without Content-Length');
      }
    },
    async close() {
      plain.destroy();
      secure.destroy();
    },
  };
}
