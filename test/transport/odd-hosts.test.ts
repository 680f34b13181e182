/** Whatever a host's fetch, dispatcher or login does: no verdict is false, no secret leaks, nothing is unhandled, and every call ends. */
import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { bearerAuth } from '../../src/ews/auth/bearer-auth.ts';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import type { DeliveryOutcome, Transport } from '../../src/transport/contract.ts';
import { always, makeNote } from '../ews/support/note.ts';
import { hastyClock } from '../support/hasty-clock.ts';
import { randomFrom } from '../support/random.ts';
import { oddDispatcher, oddFetch, oddToken, pick, type Random, RightServer, secret } from './odd-hosts.ts';

const first = Number(process.env.OFFLINE_IM_SEED ?? 1);
const runs = Number(process.env.OFFLINE_IM_RUNS ?? 8);
/** ms. Hanging functions wait for it. */
const requestTimeout = 25;

const unhandled: unknown[] = [];
const remember = (error: unknown): void => void unhandled.push(error);
beforeEach(() => {
  process.on('unhandledRejection', remember);
  process.on('uncaughtException', remember);
});
afterEach(() => {
  process.off('unhandledRejection', remember);
  process.off('uncaughtException', remember);
});

type Way = 'fetch' | 'dispatcher' | 'login';
const logged: unknown[] = [];
const log = (record: unknown): void => void logged.push(record);
const logger = { debug: log, info: log, warn: log, error: log };

function ews(
  way: Way,
  server: RightServer,
  random: Random,
  often: number,
  fetch = oddFetch(random, server, way === 'fetch' ? often : 0),
  dispatcher = oddDispatcher(random, server, often),
  getToken: () => unknown = () => oddToken(random, often),
): Transport {
  const url = 'https://exchange.test/EWS/Exchange.asmx';
  const common = { url, savedCopyFolder: 'sentitems', requestTimeout, logger, clock: hastyClock } as const;
  const basic = basicAuth({ username: 'alice', password: secret });
  if (way === 'dispatcher') return new EwsTransport({ ...common, credentials: basic, dispatcher: dispatcher as never });
  const credentials = way === 'fetch' ? basic : bearerAuth({ getToken: getToken as () => string });
  return new EwsTransport({ ...common, credentials, fetch });
}

function graph(
  way: Way,
  server: RightServer,
  random: Random,
  often: number,
  fetch = oddFetch(random, server, way === 'fetch' ? often : 0),
  dispatcher = oddDispatcher(random, server, often),
  getToken: () => unknown = () => oddToken(random, often),
): Transport {
  const common = { requestTimeout, logger, clock: hastyClock };
  const right = async () => ({ token: secret });
  if (way === 'dispatcher') return new GraphTransport({ ...common, credential: right, dispatcher: dispatcher as never });
  return new GraphTransport({ ...common, credential: way === 'fetch' ? right : (getToken as never), fetch });
}

const gone = (): never => {
  throw new Error(secret);
};
const deliverTo = (transport: Transport) => transport.deliver([makeNote(transport, 1)], always());
const shown = (value: unknown): string => inspect(value, { depth: 12, showHidden: true, maxStringLength: 200 });

function isTrue(outcome: DeliveryOutcome | undefined, taken: boolean): boolean {
  if (outcome === undefined) return false;
  if (outcome.status === 'delivered') return taken;
  if (outcome.error.name !== 'OfflineImError' || !/^[A-Z_]+$/.test(outcome.error.code)) return false;
  return outcome.status === 'unconfirmed' || (outcome.status === 'blocked' && outcome.sent === 'unknown') || !taken;
}

async function live(make: typeof ews, way: Way, seed: number): Promise<void> {
  const random = randomFrom(seed);
  const server = new RightServer();
  logged.length = 0;
  const transport = make(way, server, random, pick(random, [0.3, 1]));
  const notes = [1, 2].map((n) => makeNote(transport, n, { body: { type: 'text', content: secret }, conversationId: `c${n}` }));
  const outcomes = await transport.deliver(notes, always());
  for (const [at, { tag }] of notes.entries())
    expect(isTrue(outcomes[at], server.taken.has(tag)), `${tag} ${server.taken.has(tag)} ${shown(outcomes[at])}`).toBe(true);
  const asked = notes.map((note) => ({ ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] }));
  const results = await transport.probe(asked, always());
  for (const [at, { tag }] of notes.entries())
    expect(server.taken.has(tag) ? ['found', 'unknown', 'pending'] : ['absent', 'unknown']).toContain(results[at]?.status);
  const verified = await transport.verify?.({ address: 'alice@contoso.test' }, always()).catch((error: unknown) => error);
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
  expect(unhandled.splice(0).map(shown)).toEqual([]);
  expect(shown([outcomes, results, verified, logged])).not.toContain(secret);
}

describe.each([
  ['EWS', ews],
  ['Graph', graph],
] as const)('over %s', (_, make) => {
  it.each(['fetch', 'dispatcher', 'login'] as const)('a misbehaving %s', async (way) => {
    for (let seed = first; seed < first + runs; seed++) {
      await live(make, way, seed).catch((error: unknown) => {
        throw new Error(`OFFLINE_IM_SEED=${seed} OFFLINE_IM_RUNS=1: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      });
    }
  });
});

describe.each([
  ['EWS', ews],
  ['Graph', graph],
] as const)('over %s', (_, make) => {
  /** A transport whose fetch passes everything on to a correct server, and then does this. */
  const over = (then: (text: string, signal: AbortSignal) => unknown): { transport: Transport; server: RightServer } => {
    const server = new RightServer();
    const fetch = (async (url: unknown, init: RequestInit) => {
      const { status, text } = server.answer(String(url), String(init.body));
      return (await then(text, init.signal as AbortSignal)) ?? new Response(text, { status });
    }) as typeof globalThis.fetch;
    return { transport: make('fetch', server, () => 1, 0, fetch), server };
  };
  const send = async (transport: Transport) => (await deliverTo(transport))[0];

  it('an OfflineImError thrown by fetch after sending proves nothing, and its properties are dropped', async () => {
    const { transport } = over(() => {
      throw new OfflineImError('NOT_ATTEMPTED', 'Another one of the kind.', { cause: new Error(secret) });
    });
    const outcome = await send(transport);
    expect(outcome).toMatchObject({ status: 'unconfirmed' });
    expect(shown(outcome)).not.toContain(secret);
  });

  it('a response after the deadline is discarded, which frees its connection', async () => {
    const given = Promise.withResolvers<void>();
    const { transport } = over(async (_text, signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return {
        status: 200,
        headers: new Headers(),
        body: { getReader: () => ({ read: () => given.promise, cancel: given.resolve }) },
      };
    });
    expect(await send(transport)).toMatchObject({ status: 'unconfirmed' });
    await given.promise;
  });

  it('headers that throw affect only the knowledge of that note', async () => {
    const { transport } = over((text) => ({ status: 202, headers: { get: () => gone() }, text: async () => text }));
    expect(await send(transport)).toMatchObject({ status: 'unconfirmed' });
  });

  it('a dispatcher body whose destroy() throws ends no process', async () => {
    const server = new RightServer();
    const body = new EventEmitter();
    const answer = { statusCode: 200, headers: {}, body: Object.assign(body, { destroy: gone }) };
    const request = async () => {
      setImmediate(() => body.emit('data', 'no bytes'));
      return answer;
    };
    const [outcome] = await deliverTo(make('dispatcher', server, () => 1, 0, undefined, { request } as never));
    expect(outcome).toMatchObject({ status: 'unconfirmed' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled.splice(0)).toEqual([]);
  });

  it('an OfflineImError thrown by a login loses its properties', async () => {
    const failing = async (): Promise<never> => {
      throw new OfflineImError('AUTHENTICATION_FAILED', 'Of another one of the kind.', { cause: new Error(secret) });
    };
    const [outcome] = await deliverTo(make('login', new RightServer(), () => 1, 0, undefined, undefined, failing));
    expect(outcome).toMatchObject({ error: { code: 'AUTHENTICATION_FAILED' } });
    expect(shown(outcome)).not.toContain(secret);
  });
});
