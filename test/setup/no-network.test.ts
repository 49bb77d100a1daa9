import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { once } from 'node:events';

import { describe, expect, it } from '@jest/globals';
import axios from 'axios';

describe('tests stay on this machine', () => {
  it.each([
    ['axios', () => axios.get('http://192.0.2.1/')],
    ['axios over TLS', () => axios.get('https://example.org/')],
    ['a socket', () => once(connect(80, '192.0.2.1'), 'connect')],
  ])('%s does not leave it', async (_what, attempt) => {
    await expect(attempt()).rejects.toMatchObject({ code: 'ENETUNREACH' });
  });

  it('fetch does not leave it', async () => {
    await expect(fetch('http://192.0.2.1/')).rejects.toMatchObject({ cause: { code: 'ENETUNREACH' } });
  });

  it('the loopback address answers', async () => {
    const server = createServer((_request, response) => response.end('here')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect((await axios.get<string>(`http://localhost:${port}/`)).data).toBe('here');
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('here');
    server.closeAllConnections();
    server.close();
  });
});
