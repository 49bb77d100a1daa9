/** The embedded NGSI-LD broker as a process of its own: `broker.js <port> <file>`, until it is ended. */
import { startBroker } from '../../embedded/ngsi-ld/server.ts';

const [port, dbFile = ':memory:'] = process.argv.slice(2);
await startBroker({ port: Number(port), dbFile });
