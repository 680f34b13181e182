import { Agent as HttpAgent } from 'node:http';
import { ExchangeService, ExchangeVersion, Uri, WebCredentials } from 'ews-javascript-api';
import { Agent } from 'undici';
import { fetchThrough } from '../../../src/ews/auth/ntlm/connection.ts';
import { fromExchangeService } from '../../../src/ews-javascript-api.ts';
import { basicAuth, bearerAuth, discoverEws, EwsTransport, GraphTransport } from '../../../src/index.ts';
import { ntlmAuth } from '../../../src/ntlm.ts';
import type { Transport } from '../../../src/transport/contract.ts';
import { always, makeNote } from '../../ews/support/note.ts';
import { anyError, fastClock, never, settles } from '../calls.ts';
import type { Given } from '../child.ts';

const alice = { address: 'alice@contoso.test' };
const pair = { username: alice.address, password: 'p' };
const requestTimeout = 300;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export async function run({ url, graphUrl, token, silent, switching }: Given): Promise<void> {
  const basic = basicAuth(pair);
  const given = { url, credentials: basic, logger: quiet };
  await everyCall('ews', new EwsTransport(given));
  await everyCall('graph', new GraphTransport({ root: graphUrl, credential: async () => ({ token }), logger: quiet }));
  await everyCall('ntlm', new EwsTransport({ ...given, credentials: ntlmAuth(pair) }));
  const dispatcher = new Agent();
  await everyCall('dispatcher', new EwsTransport({ ...given, dispatcher }));
  const service = new ExchangeService(ExchangeVersion.Exchange2013_SP1);
  service.Url = new Uri(url);
  service.Credentials = new WebCredentials(pair.username, pair.password);
  await everyCall('ews-javascript-api', fromExchangeService(service));
  for (const [name, server] of Object.entries({ silent, switching })) {
    const odd = { ...given, url: server, requestTimeout };
    await everyCall(`${name} server by ews`, new EwsTransport(odd));
    await everyCall(`${name} server by ntlm`, new EwsTransport({ ...odd, credentials: ntlmAuth(pair) }));
    await everyCall(`${name} server by dispatcher`, new EwsTransport({ ...odd, dispatcher }));
    const root = new URL(server).origin;
    const graph = { root, credential: async () => ({ token }), requestTimeout, logger: quiet, allowInsecureHttp: true };
    await everyCall(`${name} server by graph`, new GraphTransport(graph));
  }
  // As `doctor` asks, with a limit that keeps no process alive.
  const through = fetchThrough(new HttpAgent(), false);
  await settles('fetch() of a switching server', () => through(switching, { signal: AbortSignal.timeout(60_000) }), anyError);
  // Nothing is left but the limit's own timer.
  const hanging = { ...given, clock: fastClock };
  const fetch = () => never;
  await everyCall('hanging fetch by ews', new EwsTransport({ ...hanging, fetch }));
  await everyCall('hanging token by ews', new EwsTransport({ ...hanging, credentials: bearerAuth({ getToken: () => never }) }));
  const password = () => never;
  await everyCall('hanging password by ews', new EwsTransport({ ...hanging, credentials: basicAuth({ ...pair, password }) }));
  await everyCall('hanging password by ntlm', new EwsTransport({ ...hanging, credentials: ntlmAuth({ ...pair, password }) }));
  await everyCall('hanging dispatcher by ews', new EwsTransport({ ...hanging, dispatcher: { request: () => never } }));
  const graph = { root: graphUrl, logger: quiet, clock: fastClock };
  await everyCall('hanging fetch by graph', new GraphTransport({ ...graph, fetch, credential: async () => ({ token }) }));
  await everyCall('hanging token by graph', new GraphTransport({ ...graph, credential: () => never }));
  await settles('discoverEws()', () => discoverEws(alice.address, { credentials: basic, fetch, clock: fastClock }));
  const signal = AbortSignal.timeout(50);
  await settles('discoverEws() until it is aborted', () => discoverEws(alice.address, { fetch, clock: fastClock, signal }));
  await settles('dispatcher.destroy()', () => dispatcher.destroy());
}

async function everyCall(name: string, transport: Transport): Promise<void> {
  const note = makeNote(transport, 1);
  const signal = AbortSignal.timeout(600_000);
  const lost = { ...note, attempt: 2, tag: 'note-1/2', unknownAttempts: [{ tag: note.tag, place: note.place }] };
  await settles(`${name}: verify()`, async () => transport.verify?.(alice, { signal }));
  await settles(`${name}: deliver()`, () => transport.deliver([note], always(signal)));
  await settles(`${name}: probe()`, () => transport.probe([lost as never], { signal }));
  if (transport instanceof EwsTransport || transport instanceof GraphTransport) {
    await settles(`${name}: findStrandedDrafts()`, () => transport.findStrandedDrafts(alice, { signal }));
    await settles(`${name}: removeStrandedDrafts()`, () => transport.removeStrandedDrafts([], { signal }));
  }
  await settles(`${name}: close()`, async () => transport.close?.());
}
