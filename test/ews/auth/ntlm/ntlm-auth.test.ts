/** ntlmAuth against a server that computes the answer itself, over real HTTP. */
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { EwsTransport } from '../../../../src/ews/ews-transport.ts';
import type { EwsTransportOptions } from '../../../../src/ews/options.ts';
import { type NtlmAuthOptions, ntlmAuth } from '../../../../src/ntlm.ts';
import {
  type ExchangeSimulator,
  type ExchangeSimulatorOptions,
  startExchangeSimulator,
} from '../../../../src/testing/simulator/simulator.ts';
import type { DeliveryOutcome } from '../../../../src/transport/contract.ts';
import { validateBody } from '../../../support/ews-schema.ts';
import { always, makeNote } from '../../support/harness.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
const password = 'pässword-Ω';
let exchange: ExchangeSimulator | undefined;
const transports: EwsTransport[] = [];

afterEach(async () => {
  for (const transport of transports.splice(0)) await transport.close();
  const bodies = (exchange?.journal ?? []).map((entry) => entry.requestBody).filter((body) => body !== '');
  expect(bodies.flatMap(validateBody)).toEqual([]);
  await exchange?.close();
  exchange = undefined;
});

interface Started {
  readonly server: ExchangeSimulator;
  readonly transport: EwsTransport;
  /** Handshakes started, and requests with a body, as shown in the journal. */
  counts(): { connections: number; legs: number; requests: number };
  deliver(count?: number): Promise<readonly DeliveryOutcome[]>;
}

async function start(
  login: Partial<NtlmAuthOptions> = {},
  options: Partial<ExchangeSimulatorOptions> = {},
  own: Partial<EwsTransportOptions> = {},
): Promise<Started> {
  const mailboxes = [{ address: alice, password }, bob];
  const server = await startExchangeSimulator({ mailboxes, auth: ['ntlm'], ntlm: 'strict', ...options });
  exchange = server;
  const credentials = ntlmAuth({ username: alice, password, ...login });
  const transport = new EwsTransport({ url: server.url, credentials, ...own });
  transports.push(transport);
  return {
    server,
    transport,
    counts: () => ({
      connections: server.connections,
      legs: server.journal.filter(({ requestBody }) => requestBody === '').length,
      requests: server.journal.filter(({ requestBody }) => requestBody !== '').length,
    }),
    deliver: (count = 1) =>
      transport.deliver(
        Array.from({ length: count }, (_, n) => makeNote(transport, n)),
        always(),
      ),
  };
}

const statuses = (outcomes: readonly { status: string }[]): string[] => outcomes.map(({ status }) => status);
const inbox = (server: ExchangeSimulator): number => server.mailbox(bob).folder('inbox').items.length;

describe('a login', () => {
  it('delivers a batch, end to end', async () => {
    const { server, transport, deliver, counts } = await start();
    expect(statuses(await deliver(20))).toEqual(Array(20).fill('delivered'));
    expect(inbox(server)).toBe(20);
    expect(server.mailbox(alice).folder('conversationhistory').items).toHaveLength(20);
    expect(server.mailbox(alice).folder('drafts').items).toHaveLength(0);
    expect(counts()).toEqual({ connections: 1, legs: 1, requests: 1 });
    const note = makeNote(transport, 3);
    const sent = { ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] };
    expect(statuses(await transport.probe([sent], always()))).toEqual(['found']);
    await transport.verify({ address: alice }, always());
  });

  it('is valid for later requests on its connection', async () => {
    const { deliver, counts } = await start();
    for (let n = 0; n < 10; n++) expect(statuses(await deliver())).toEqual(['delivered']);
    expect(counts()).toEqual({ connections: 1, legs: 1, requests: 10 });
  });

  it('asks a password function for the current password, once per connection', async () => {
    let [given, asked] = ['wrong', 0];
    const { deliver, server } = await start({
      password: async () => {
        asked += 1;
        return given;
      },
    });
    expect(await deliver()).toMatchObject([{ status: 'blocked', scope: 'mailbox', sent: 'no' }]);
    given = password;
    expect(statuses(await deliver())).toEqual(['delivered']);
    expect(statuses(await deliver())).toEqual(['delivered']);
    expect(asked).toBe(2);
    expect(inbox(server)).toBe(2);
  });

  it('is not started if its password function returns none', async () => {
    const { deliver, counts } = await start({ password: () => 'with the line break of its file\n' });
    expect(await deliver()).toMatchObject([{ status: 'deferred', scope: 'mailbox', error: { code: 'AUTHENTICATION_FAILED' } }]);
    expect(counts()).toMatchObject({ legs: 0, requests: 0 });
  });

  it('whose password never arrives blocks no connection for later requests', async () => {
    let given: () => string | Promise<string> = () => new Promise<string>(() => {});
    const { deliver, transport } = await start({ password: () => given(), maxConnections: 1 });
    const options = { ...always(), signal: AbortSignal.timeout(50) };
    expect(await transport.deliver([makeNote(transport, 0)], options)).toMatchObject([{ status: 'deferred' }]);
    given = () => password;
    expect(statuses(await deliver())).toEqual(['delivered']);
  });

  it('is made per connection, one for each concurrent request', async () => {
    const { deliver, counts, server } = await start();
    server.faults.on('CreateItem').delay(30);
    for (let round = 0; round < 3; round++) {
      const all = await Promise.all(Array.from({ length: 4 }, () => deliver()));
      expect(all.flatMap(statuses)).toEqual(Array(4).fill('delivered'));
    }
    expect(counts()).toEqual({ connections: 4, legs: 4, requests: 12 });
  });

  it('waits for its turn if connections are scarce', async () => {
    const { deliver, counts, server } = await start({ maxConnections: 2 });
    const all = await Promise.all(Array.from({ length: 9 }, () => deliver()));
    expect(all.flatMap(statuses)).toEqual(Array(9).fill('delivered'));
    expect(counts()).toEqual({ connections: 2, legs: 2, requests: 9 });
    expect(inbox(server)).toBe(9);
  });

  it('waits for its turn no longer than the deadline', async () => {
    const login = ntlmAuth({ username: alice, password, maxConnections: 1 });
    const { server, transport, counts } = await start({}, {}, { credentials: login });
    const hurried = new EwsTransport({ url: server.url, credentials: login, requestTimeout: 300 });
    transports.push(hurried);
    server.faults.on('CreateItem').once().hang();
    const controller = new AbortController();
    // It holds the only connection for a minute, and releases it when told to.
    const first = transport.deliver([makeNote(transport, 0)], always(controller.signal));
    await expect.poll(() => counts().requests).toBe(1);
    const second = await hurried.deliver([makeNote(hurried, 1)], always());
    expect(second).toMatchObject([{ status: 'deferred', error: { code: 'REQUEST_TIMEOUT' } }]);
    expect(counts()).toEqual({ connections: 1, legs: 1, requests: 1 });
    controller.abort();
    expect(await first).toMatchObject([{ status: 'unconfirmed', error: { code: 'REQUEST_ABORTED' } }]);
    expect(statuses(await transport.deliver([makeNote(transport, 2)], always()))).toEqual(['delivered']);
  });

  it.each([
    [{ username: alice }],
    [{ username: 'contoso\\alice' }],
    [{ username: 'CONTOSO\\Alice' }],
    [{ username: 'alice', domain: 'CONTOSO', workstation: 'DESK-7' }],
    [{ username: 'alice', domain: 'contoso.test' }],
  ])('as %j', async (login) => {
    const { deliver } = await start(login);
    expect(statuses(await deliver())).toEqual(['delivered']);
  });

  it('of a service account impersonates', async () => {
    const service = { username: 'svc', password: 'p' };
    const { deliver, server } = await start(service, { credentials: service }, { impersonate: ({ address }) => address });
    expect(statuses(await deliver(2))).toEqual(['delivered', 'delivered']);
    expect(server.mailbox(alice).folder('conversationhistory').items).toHaveLength(2);
  });
});

describe('no login', () => {
  it.each([
    ['a wrong password', { password: 'wrong' }],
    ['an unknown account', { username: 'nobody@contoso.test' }],
    ['a wrong domain', { username: 'alice', domain: 'FABRIKAM' }],
    ['an account without a password to check', { username: bob }],
  ])('with %s: the mailbox is blocked', async (_, login) => {
    const { deliver, server, counts, transport } = await start(login);
    expect(await deliver(3)).toMatchObject(
      Array(3).fill({ status: 'blocked', scope: 'mailbox', sent: 'no', error: { code: 'AUTHENTICATION_FAILED' } }),
    );
    expect(counts()).toEqual({ connections: 1, legs: 1, requests: 1 });
    expect(inbox(server)).toBe(0);
    await expect(transport.verify({ address: alice }, always())).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  it('if the server does not offer NTLM', async () => {
    const { deliver, counts } = await start({}, { auth: ['basic'] });
    expect(await deliver()).toMatchObject([{ status: 'blocked', scope: 'mailbox', sent: 'no' }]);
    expect(counts()).toEqual({ connections: 1, legs: 1, requests: 0 });
  });
});

describe('a connection that ends', () => {
  /** Until the other side, also in this process, has noticed: after a mere delay, a busy machine may continue before it looks at its sockets. */
  async function heardOf(): Promise<void> {
    await sleep(20);
    for (let turn = 0; turn < 5; turn++) await setImmediate();
  }

  it('between requests is replaced, and nothing is sent twice', async () => {
    const { deliver, counts, server } = await start();
    await deliver();
    for (let n = 0; n < 3; n++) {
      server.disconnect();
      await heardOf();
      expect(statuses(await deliver())).toEqual(['delivered']);
    }
    expect(counts()).toEqual({ connections: 4, legs: 4, requests: 4 });
    expect(inbox(server)).toBe(4);
  });

  it('between requests is replaced, even if several end at once', async () => {
    const { deliver, counts, server } = await start();
    server.faults.on('CreateItem').times(4).delay(30);
    await Promise.all(Array.from({ length: 4 }, () => deliver()));
    server.disconnect();
    await heardOf();
    const all = await Promise.all(Array.from({ length: 4 }, () => deliver()));
    expect(all.flatMap(statuses)).toEqual(Array(4).fill('delivered'));
    expect(inbox(server)).toBe(8);
    expect(counts().connections).toBe(8);
  });

  it('after the request was sent leaves the note in doubt, and the next note goes out', async () => {
    const { deliver, server, transport } = await start();
    server.faults.on('CreateItem').nth(2).lostResponse();
    await deliver();
    const note = makeNote(transport, 7);
    expect(await transport.deliver([note], always())).toMatchObject([
      { status: 'unconfirmed', error: { code: 'CONNECTION_LOST' } },
    ]);
    const sent = { ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] };
    expect(statuses(await transport.probe([sent], always()))).toEqual(['found']);
    expect(statuses(await deliver())).toEqual(['delivered']);
  });

  it('because it was idle is replaced', async () => {
    const { deliver, counts } = await start({ keepAlive: 40 });
    await deliver();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(statuses(await deliver())).toEqual(['delivered']);
    expect(counts()).toEqual({ connections: 2, legs: 2, requests: 2 });
  });

  it('by close() is replaced by the next request', async () => {
    const { deliver, counts, transport } = await start();
    await deliver();
    await transport.close();
    expect(statuses(await deliver())).toEqual(['delivered']);
    expect(counts().connections).toBe(2);
  });
});

it('a server that forgets the login gets a new one on the same connection, and the note once', async () => {
  const { deliver, counts, server } = await start();
  await deliver();
  server.faults.on('CreateItem').once().unauthorized();
  expect(statuses(await deliver())).toEqual(['delivered']);
  expect(inbox(server)).toBe(2);
  expect(counts()).toEqual({ connections: 1, legs: 2, requests: 3 });
});

it('a large request is transmitted once', async () => {
  const { server, transport } = await start({}, {}, { maxRequestBytes: 1_000_000 });
  const note = makeNote(transport, 0, { body: { type: 'text', content: 'x'.repeat(200_000) } });
  expect(statuses(await transport.deliver([note], always()))).toEqual(['delivered']);
  expect(server.journal.map(({ requestBody, status }) => [requestBody.length > 200_000, status])).toEqual([
    [false, 401],
    [true, 200],
  ]);
});

it('mayWrite is asked before each leg', async () => {
  const { server, transport } = await start();
  let asked = 0;
  const options = { ...always(), mayWrite: () => ++asked < 2 };
  expect(await transport.deliver([makeNote(transport, 0)], options)).toMatchObject([
    { status: 'deferred', retryAfter: 0, error: { code: 'NOT_ATTEMPTED' } },
  ]);
  expect([asked, inbox(server)]).toEqual([2, 0]);
  expect(statuses(await transport.deliver([makeNote(transport, 0)], always()))).toEqual(['delivered']);
});

it('an idle connection does not keep the process alive', async () => {
  const { deliver } = await start();
  const before = process.getActiveResourcesInfo().length;
  await deliver();
  await new Promise((resolve) => setTimeout(resolve, 20));
  // The server side of the connection is in this process as well, and counts once.
  expect(process.getActiveResourcesInfo().length - before).toBeLessThanOrEqual(1);
});

it('errors and trace contain neither the password nor anything derived from it', async () => {
  const lines: unknown[] = [];
  const logger = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((level) => [level, (f: unknown) => lines.push(f)]));
  const { deliver } = await start({ password: 'wrong-secret' }, {}, { logger: logger as never });
  const everything = inspect([await deliver(), lines], { depth: 20, maxStringLength: null });
  expect(everything).toContain('ews:request');
  for (const secret of ['wrong-secret', 'TlRMTVNT', 'NTLMSSP']) expect(everything).not.toContain(secret);
});

it('names the invalid option', () => {
  for (const bad of [{ username: '' }, { username: 7 }, { password: undefined }, { password: 'a\n' }, { domain: 7 }]) {
    expect(() => ntlmAuth({ username: 'a', password: 'b', ...bad } as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  }
  for (const bad of [{ maxConnections: 0 }, { maxConnections: 1.5 }, { keepAlive: -1 }]) {
    expect(() => ntlmAuth({ username: 'a', password: 'b', ...bad })).toThrow(/expected a whole number/);
  }
});
