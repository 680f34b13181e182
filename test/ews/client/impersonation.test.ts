/** One login that sends from many mailboxes: as an impersonating application, and as a delegate. */
import { afterEach, describe, expect, it } from 'vitest';
import { bearerAuth } from '../../../src/ews/auth/bearer-auth.ts';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import type { EwsTransportOptions } from '../../../src/ews/options.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import {
  type ExchangeSimulator,
  type ExchangeSimulatorOptions,
  startExchangeSimulator,
} from '../../../src/testing/simulator/simulator.ts';
import type { Note } from '../../../src/transport/contract.ts';
import { checkedFetch } from '../../support/ews-schema.ts';
import { always, makeNote } from '../support/harness.ts';

const alice = 'alice@contoso.test';
const carol = 'carol@contoso.test';
const bob = 'bob@contoso.test';
const service = { username: 'svc@contoso.test', password: 'p' };
let exchange: ExchangeSimulator | undefined;

afterEach(async () => {
  await exchange?.close();
  exchange = undefined;
});

async function start(own: Partial<EwsTransportOptions> = {}, options: Partial<ExchangeSimulatorOptions> = {}) {
  const server = await startExchangeSimulator({ mailboxes: [alice, carol, bob], credentials: service, ...options });
  exchange = server;
  const fetch = checkedFetch();
  const asItself = ({ address }: { readonly address: string }): string => address;
  const transport = new EwsTransport({
    url: server.url,
    credentials: basicAuth(service),
    impersonate: asItself,
    fetch,
    ...own,
  });
  return { server, transport, fetch };
}

const from = (transport: EwsTransport, address: string, n = 0): Note => makeNote(transport, n, { from: { address } });
const unknown = (note: Note): Note => ({ ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] });
const statuses = (results: readonly { status: string }[]): string[] => results.map(({ status }) => status);

/** Whom each request claims to act for, in the body and in the header. */
function acting(fetch: Awaited<ReturnType<typeof start>>['fetch']): (string | null | undefined)[][] {
  return fetch.requests.map(({ body, headers }) => [
    /<t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>([^<]*)</.exec(body)?.[1],
    headers.get('x-anchormailbox'),
  ]);
}

describe('impersonation', () => {
  it('sends each note as its mailbox, and keeps the copies there', async () => {
    const { server, transport, fetch } = await start();
    const notes = [from(transport, alice, 0), from(transport, alice, 1), from(transport, carol, 2)];
    expect(statuses(await transport.deliver(notes, always()))).toEqual(Array(3).fill('delivered'));
    expect(acting(fetch)).toEqual([
      [alice, alice],
      [carol, carol],
    ]);
    expect(server.mailbox(alice).folder('conversationhistory').items).toHaveLength(2);
    expect(server.mailbox(carol).folder('conversationhistory').items).toHaveLength(1);
    expect(
      server
        .mailbox(bob)
        .folder('inbox')
        .items.map((item) => item.from?.address),
    ).toEqual([alice, alice, carol]);
  });

  it('probes and checks the folder as the identity that sent', async () => {
    const { transport, fetch } = await start();
    const notes = [from(transport, alice, 0), from(transport, carol, 1)];
    await transport.deliver(notes, always());
    const sent = fetch.requests.length;
    expect(statuses(await transport.probe(notes.map(unknown), always()))).toEqual(['found', 'found']);
    await transport.verify({ address: carol }, always());
    expect(acting(fetch).slice(sent)).toEqual([
      [alice, alice],
      [carol, carol],
      [carol, carol],
    ]);
  });

  it('looks up, creates and remembers folders, and removes drafts, as the mailbox', async () => {
    const clock = new ManualClock(Date.now() - 3_600_000);
    const { server, transport, fetch } = await start({}, { profile: { conversationHistory: 'absent' }, clock });
    server.faults.on('CreateItem').nth(2).draftOnSendAsDenied();
    expect(statuses(await transport.deliver([from(transport, alice)], always()))).toEqual(['rejected']);
    expect(server.mailbox(alice).folder('drafts').items).toHaveLength(0);
    expect(server.journal.map(({ operation }) => operation)).toEqual(
      expect.arrayContaining(['CreateItem', 'FindFolder', 'CreateFolder', 'FindItem', 'DeleteItem']),
    );
    expect(acting(fetch).every(([body, header]) => body === alice && header === alice)).toBe(true);
  });

  it('acts as the login itself if the host names nobody', async () => {
    const { server, transport, fetch } = await start({
      credentials: basicAuth({ username: alice, password: 'p' }),
      impersonate: () => undefined,
    });
    expect(statuses(await transport.deliver([from(transport, alice)], always()))).toEqual(['delivered']);
    expect(acting(fetch)).toEqual([[undefined, null]]);
    expect(server.mailbox(alice).folder('conversationhistory').items).toHaveLength(1);
  });

  it('works with a token of the application', async () => {
    const { server, transport } = await start({
      credentials: bearerAuth({ getToken: () => exchange?.tokens.issue(service.username) ?? '' }),
    });
    expect(statuses(await transport.deliver([from(transport, alice)], always()))).toEqual(['delivered']);
    expect(server.mailbox(alice).folder('conversationhistory').items).toHaveLength(1);
  });

  it('without the role is left for an administrator to fix', async () => {
    const { server, transport } = await start({ credentials: basicAuth({ username: carol, password: 'p' }) });
    expect(await transport.deliver([from(transport, alice)], always())).toMatchObject([
      { status: 'blocked', scope: 'mailbox', sent: 'no', error: { details: { responseCode: 'ErrorImpersonateUserDenied' } } },
    ]);
    expect(server.mailbox(bob).folder('inbox').items).toHaveLength(0);
    await expect(transport.verify({ address: alice }, always())).rejects.toMatchObject({ code: 'EWS_ERROR' });
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('no directory');
      },
    ],
    ['gives a name', () => 'Alice'],
    ['gives a number', () => 7],
    ['smuggles a header', () => `${alice}\r\nx-evil: 1`],
    ['gives a promise', () => Promise.resolve(alice)],
  ])('by a host that %s sends nothing', async (_, impersonate) => {
    const { transport, fetch } = await start({ impersonate: impersonate as never });
    const note = from(transport, alice);
    expect(await transport.deliver([note], always())).toMatchObject([
      { status: 'deferred', scope: 'mailbox', error: { code: 'OPTION_INVALID' } },
    ]);
    expect(statuses(await transport.probe([unknown(note)], always()))).toEqual(['unknown']);
    expect(fetch.requests).toHaveLength(0);
  });

  it('of a non-ASCII address omits the header, and cannot inject an element', async () => {
    const { transport, fetch } = await start({
      impersonate: ({ address }) => (address === alice ? 'jörg@contoso.test' : 'a<b>&c@d'),
    });
    await transport.deliver([from(transport, alice), from(transport, carol)], always());
    expect(acting(fetch)[0]).toEqual(['jörg@contoso.test', null]);
    const second = new EwsTransport({
      url: exchange?.url ?? '',
      credentials: basicAuth(service),
      impersonate: () => 'a<b>&c@d',
      fetch,
    });
    await second.deliver([from(second, carol)], always());
    expect(acting(fetch).at(-1)).toEqual(['a&lt;b&gt;&amp;c@d', 'a<b>&c@d']);
    expect(fetch.errors).toEqual([]);
  });

  it('is not asked for by placeOf', async () => {
    let asked = 0;
    const { transport } = await start({
      impersonate: ({ address }) => {
        asked += 1;
        return address;
      },
    });
    expect(transport.placeOf({ address: alice })).toMatchObject({ mailbox: alice });
    expect(asked).toBe(0);
  });
});

describe('a delegate', () => {
  const desk = 'desk@contoso.test';
  const delegated = { mailboxes: [alice, bob, { address: desk, delegates: [alice] }] };
  const own = { credentials: basicAuth({ username: alice, password: 'p' }), impersonate: () => undefined };

  it("leaves no copy in their own or the principal's Drafts, and none in their own folders", async () => {
    const { server, transport } = await start(own, delegated);
    const notes = [from(transport, desk, 0), from(transport, desk, 1)];
    expect(statuses(await transport.deliver(notes, always()))).toEqual(['delivered', 'delivered']);
    expect(server.mailbox(desk).folder('conversationhistory').items).toHaveLength(2);
    for (const mailbox of [alice, desk]) {
      const others = server.mailbox(mailbox).folders.filter(({ items }) => items.length > 0);
      expect(others.map(({ displayName }) => displayName)).toEqual(mailbox === desk ? ['Conversation History'] : []);
    }
    expect(statuses(await transport.probe(notes.map(unknown), always()))).toEqual(['found', 'found']);
  });

  it('who may not send for the mailbox leaves no draft', async () => {
    const mailboxes = [alice, bob, { address: desk, delegates: [{ address: alice, sendAs: false }] }];
    const { server, transport } = await start(own, { mailboxes });
    expect(await transport.deliver([from(transport, desk)], always())).toMatchObject([{ status: 'rejected', scope: 'mailbox' }]);
    for (const mailbox of [alice, desk]) expect(server.mailbox(mailbox).folder('drafts').items).toHaveLength(0);
  });
});
