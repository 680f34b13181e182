/** Gives a send up while its TLS handshake hangs, then ends the connection. Prints whether the channels have listeners while it hangs, and in the end. */
import { hasSubscribers } from 'node:diagnostics_channel';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { basicAuth } from '../../src/index.ts';
import { always, makeNote } from '../ews/support/note.ts';

const silent = createServer();
const hung = new Promise<Socket>((resolve) => silent.once('connection', resolve));
await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
const transport = new EwsTransport({
  url: `https://127.0.0.1:${(silent.address() as AddressInfo).port}/ews`,
  credentials: basicAuth({ username: 'alice', password: 'p' }),
  savedCopyFolder: 'sentitems',
  fetch: globalThis.fetch,
  requestTimeout: 1_000,
});
const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
await transport.close?.();
const meanwhile = hasSubscribers('undici:client:sendHeaders');
(await hung).on('error', () => {}).destroy();
silent.close();
while (hasSubscribers('undici:client:sendHeaders')) await sleep(10);
console.log(JSON.stringify({ status: outcome?.status, meanwhile }));
