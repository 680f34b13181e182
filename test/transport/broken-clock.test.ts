/** A host's clock that fails does not affect a transport: the system clock is used instead, and the logger is told once. */
import { expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { basicAuth, EwsTransport, GraphTransport } from '../../src/index.ts';
import { createExchange } from '../../src/testing.ts';
import type { Note, Transport } from '../../src/transport/contract.ts';

const injected = (): never => {
  throw new Error('injected');
};
const broken = {
  throws: { now: injected, monotonic: injected, setTimer: injected },
  'returns nonsense': { now: () => Number.NaN, monotonic: () => 'noon', setTimer: () => 7 },
  rejects: {
    now: () => Promise.reject(new Error('injected')),
    monotonic: () => Promise.reject(new Error('injected')),
    setTimer: () => Promise.reject(new Error('injected')),
  },
};

function noteFor(transport: Transport): Note {
  const from = { address: 'alice@contoso.test' };
  return {
    id: 'note-1',
    attempt: 1,
    tag: 'note-1:1',
    unknownAttempts: [],
    place: transport.placeOf(from),
    from,
    to: [{ address: 'bob@contoso.test' }],
    audience: 'same-organization',
    messageClass: 'IM.Note.MissedConversation',
    subject: 'subject',
    body: { type: 'text', content: 'text' },
    sentAt: new Date(0),
    conversationId: 'c',
    entryIds: ['e1'],
  };
}

it.each(Object.entries(broken).flatMap(([how, clock]) => (['ews', 'graph'] as const).map((way) => [how, way, clock] as const)))(
  'with a clock that %s, %s delivers',
  async (_how, way, clock) => {
    const exchange = createExchange({
      mailboxes: ['alice@contoso.test', 'bob@contoso.test'],
      tokens: [{ token: 'token', login: 'alice@contoso.test' }],
    });
    const told: unknown[] = [];
    const ignore = () => undefined;
    const logger = { debug: ignore, info: ignore, warn: (_: unknown, message?: string) => told.push(message), error: ignore };
    const common = { fetch: exchange.fetch, clock: clock as unknown as Clock, logger };
    const transport =
      way === 'ews'
        ? new EwsTransport({
            ...common,
            url: exchange.url,
            credentials: basicAuth({ username: 'alice@contoso.test', password: 'x' }),
          })
        : new GraphTransport({ ...common, root: exchange.graphUrl, credential: async () => ({ token: 'token' }) });
    const options = { signal: AbortSignal.timeout(200_000), mayWrite: () => true };
    const [outcome] = await transport.deliver([noteFor(transport)], options);
    expect(outcome?.status).toBe('delivered');
    await transport.probe(
      [{ ...noteFor(transport), unknownAttempts: [{ tag: 'note-1:1', place: noteFor(transport).place }] }],
      options,
    );
    expect(told.filter((message) => String(message).startsWith('clock.'))).toHaveLength(1);
    await transport.close?.();
  },
);
