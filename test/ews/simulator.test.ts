/** The transport with the simulated Exchange: the content of the mailboxes afterwards counts. */
import { afterEach, describe, expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import type { EwsTransportOptions } from '../../src/ews/options.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import {
  type ExchangeSimulator,
  type ExchangeSimulatorOptions,
  startExchangeSimulator,
} from '../../src/testing/simulator/simulator.ts';
import type { DeliveryOutcome, Note, ProbeResult } from '../../src/transport/contract.ts';
import { checkedFetch, validateBody } from '../support/ews-schema.ts';
import { paced } from '../support/pace.ts';
import { call } from '../testing/support/raw-ews.ts';
import { always, makeNote } from './support/harness.ts';

let exchange: ExchangeSimulator | undefined;
const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';

afterEach(async () => {
  const entries = exchange?.journal ?? [];
  expect(entries.flatMap((entry) => (entry.requestBody === '' ? [] : validateBody(entry.requestBody)))).toEqual([]);
  await exchange?.close();
  exchange = undefined;
});

async function start(
  options: Partial<ExchangeSimulatorOptions> = {},
  own: Partial<EwsTransportOptions> = {},
): Promise<{ server: ExchangeSimulator; transport: EwsTransport; drafts(): number; inbox(): string[] }> {
  const server = await startExchangeSimulator({ mailboxes: [{ address: alice, password: 'p' }, bob], ...options });
  exchange = server;
  const credentials = basicAuth({ username: alice, password: 'p' });
  const transport = new EwsTransport({ url: server.url, credentials, fetch: checkedFetch(), ...own });
  return {
    server,
    transport,
    drafts: () => server.mailbox(alice).folder('drafts').items.length,
    inbox: () =>
      server
        .mailbox(bob)
        .folder('inbox')
        .items.map((item) => item.body.content),
  };
}

const send = (transport: EwsTransport, notes: readonly Note[]): Promise<readonly DeliveryOutcome[]> =>
  transport.deliver(notes, always());
const notes = (transport: EwsTransport, count: number): Note[] => Array.from({ length: count }, (_, n) => makeNote(transport, n));

function look(transport: EwsTransport, sent: readonly Note[]): Promise<readonly ProbeResult[]> {
  const unknown = sent.map((note) => ({ ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] }));
  return transport.probe(unknown, always());
}

const statuses = (results: readonly { status: string }[]): string[] => results.map(({ status }) => status);

describe('a note', () => {
  it('arrives with its class, and its copy is in Conversation History', async () => {
    const { server, transport, drafts, inbox } = await start();
    await transport.verify({ address: alice }, always());
    expect(statuses(await send(transport, notes(transport, 3)))).toEqual(['delivered', 'delivered', 'delivered']);
    expect(inbox()).toEqual(['secret text 0', 'secret text 1', 'secret text 2']);
    expect(server.mailbox(bob).missedConversations()).toHaveLength(3);
    expect(server.mailbox(alice).folder('conversationhistory').items).toHaveLength(3);
    expect(drafts()).toBe(0);
  });

  it.each(['absent', 'by-name'] as const)('its Conversation History is %s', async (conversationHistory) => {
    const { server, transport, inbox } = await start({ profile: { conversationHistory } });
    const sent = notes(transport, 2);
    expect(statuses(await send(transport, sent))).toEqual(['delivered', 'delivered']);
    expect(inbox()).toHaveLength(2);
    const folders = server.mailbox(alice).folders.filter((f) => f.displayName === 'Conversation History');
    expect(folders.map((f) => f.items.length)).toEqual([2]);
    expect(transport.placeOf({ address: alice }).folder).toBe(`id:${folders[0]?.id}`);
    expect(statuses(await look(transport, sent))).toEqual(['found', 'found']);
    await transport.verify({ address: alice }, always());
  });

  it('is found by another process that knows only its place', async () => {
    const { server, transport } = await start({ profile: 'exchange-2010' });
    const other = (): EwsTransport =>
      new EwsTransport({ url: server.url, credentials: basicAuth({ username: alice, password: 'p' }), fetch: checkedFetch() });
    const first = notes(transport, 1);
    await send(transport, first);
    expect(first[0]?.place.folder).toBe('conversationhistory');
    expect(statuses(await look(other(), first))).toEqual(['found']);
    const second = [makeNote(transport, 1)];
    await send(transport, second);
    expect(second[0]?.place.folder).toMatch(/^id:/);
    expect(statuses(await look(other(), second))).toEqual(['found']);
  });

  it('can be sent from a mailbox that the login may only send for', async () => {
    const { server, transport } = await start({
      mailboxes: [{ address: alice, password: 'p' }, bob, { address: 'desk@contoso.test', delegates: [alice] }],
    });
    const note = makeNote(transport, 0, { from: { address: 'desk@contoso.test' } });
    expect(statuses(await send(transport, [note]))).toEqual(['delivered']);
    expect(server.mailbox('desk@contoso.test').folder('conversationhistory').items).toHaveLength(1);
    expect(server.mailbox(alice).folder('drafts').items).toHaveLength(0);
    expect(statuses(await look(transport, [note]))).toEqual(['found']);
  });
});

describe('a note that may have been sent', () => {
  it.each([0, 0.01, 0.3, 0.7, 0.99])('is found after the response was lost at %s of its length', async (after) => {
    const { server, transport } = await start();
    server.faults.on('CreateItem').once().lostResponse({ after });
    const sent = notes(transport, 3);
    expect(statuses(await send(transport, sent))).toEqual(['unconfirmed', 'unconfirmed', 'unconfirmed']);
    expect(statuses(await look(transport, sent))).toEqual(['found', 'found', 'found']);
  });

  it('is absent after an early reset', async () => {
    const { server, transport, inbox } = await start();
    server.faults.on('CreateItem').once().resetBefore();
    const sent = notes(transport, 2);
    expect(statuses(await send(transport, sent))).toEqual(['unconfirmed', 'unconfirmed']);
    expect(statuses(await look(transport, sent))).toEqual(['absent', 'absent']);
    expect(inbox()).toEqual([]);
  });

  it('is identified individually after a fault in the middle of a batch', async () => {
    const { server, transport } = await start();
    server.faults.on('CreateItem').once().partialBatch(2);
    const sent = notes(transport, 4);
    expect(statuses(await send(transport, sent))).toEqual(Array(4).fill('unconfirmed'));
    expect(statuses(await look(transport, sent))).toEqual(['found', 'found', 'absent', 'absent']);
  });

  it.each(['fewer', 'truncated'] as const)('never counts as delivered: %s', async (kind) => {
    const { server, transport } = await start();
    const fault = server.faults.on('CreateItem').once();
    if (kind === 'fewer') fault.partialBatch(1, { answer: 'fewer' });
    else fault.truncated();
    const outcomes = statuses(await send(transport, notes(transport, 2)));
    expect(outcomes).toEqual([kind === 'fewer' ? 'delivered' : 'unconfirmed', 'unconfirmed']);
  });

  it('is found after the deadline passed', async () => {
    const { server, transport } = await start({}, { requestTimeout: paced(500) });
    server.faults.on('CreateItem').once().hang({ processed: true });
    const sent = notes(transport, 1);
    expect(await send(transport, sent)).toMatchObject([{ status: 'unconfirmed', error: { code: 'REQUEST_TIMEOUT' } }]);
    expect(statuses(await look(transport, sent))).toEqual(['found']);
  });

  it('is pending while a throttling server holds it', async () => {
    const { server, transport } = await start();
    server.faults.on('CreateItem').once().heldInOutbox(60_000);
    const sent = notes(transport, 1);
    await send(transport, sent);
    expect(statuses(await look(transport, sent))).toEqual(['pending']);
  });

  it('is found wherever a user moved it', async () => {
    const { server, transport } = await start();
    const sent = notes(transport, 1);
    await send(transport, sent);
    const mailbox = server.mailbox(alice);
    for (const folder of ['deleteditems', 'recoverableitemsdeletions', 'sentitems']) {
      const item = mailbox.folders.flatMap((f) => f.items)[0];
      if (item === undefined) throw new Error('no copy');
      mailbox.move(item, folder);
      expect(statuses(await look(transport, sent))).toEqual(['found']);
    }
  });
});

/** A login that may send as the desk, and is shown these of its folders only. */
async function shownOnly(folders: readonly string[]) {
  const desk = 'desk@contoso.test';
  const mailboxes = [
    { address: alice, password: 'p' },
    bob,
    { address: desk, password: 'p', delegates: [{ address: alice, folders: false }] },
  ];
  const { server, transport } = await start({ mailboxes });
  const user = `<t:UserId><t:PrimarySmtpAddress>${alice}</t:PrimarySmtpAddress></t:UserId>`;
  const permissions = `<t:Permissions><t:Permission>${user}<t:PermissionLevel>Editor</t:PermissionLevel></t:Permission></t:Permissions>`;
  const field = `<t:FieldURI FieldURI="folder:PermissionSet"/><t:Folder><t:PermissionSet>${permissions}</t:PermissionSet></t:Folder>`;
  for (const folder of folders) {
    const change = `<t:FolderChange><t:DistinguishedFolderId Id="${folder}"/><t:Updates><t:SetFolderField>${field}</t:SetFolderField></t:Updates></t:FolderChange>`;
    const body = `<m:UpdateFolder><m:FolderChanges>${change}</m:FolderChanges></m:UpdateFolder>`;
    expect((await call(server.url, body, { as: desk, password: 'p' })).codes).toEqual(['NoError']);
  }
  return { server, transport, mailbox: server.mailbox(desk), note: makeNote(transport, 0, { from: { address: desk } }) };
}

describe('a folder that every mailbox has, and the login is not shown,', () => {
  const shown = ['drafts', 'outbox', 'conversationhistory', 'sentitems', 'deleteditems'];

  it.each(shown.filter((folder) => folder !== 'conversationhistory'))('may hold the copy of a note: %s', async (hidden) => {
    const { server, transport, mailbox, note } = await shownOnly(shown.filter((folder) => folder !== hidden));
    server.faults.on('CreateItem').once().lostResponse();
    expect(statuses(await send(transport, [note]))).toEqual(['unconfirmed']);
    const [copy] = mailbox.folder('conversationhistory').items;
    if (copy === undefined) throw new Error('no copy');
    mailbox.move(copy, hidden);
    expect(await look(transport, [note])).toMatchObject([
      { status: 'unknown', scope: 'note', error: { details: { responseCode: 'ErrorFolderNotFound' } } },
    ]);
  });

  it('may hold the draft of a refused note', async () => {
    const { server, transport, mailbox, note } = await shownOnly(shown.slice(1));
    server.faults.on('CreateItem').once().draftOnSendAsDenied();
    expect(await send(transport, [note])).toMatchObject([{ status: 'rejected', draft: 'left' }]);
    expect(mailbox.folder('drafts').items).toHaveLength(1);
  });
});

describe('no draft is left', () => {
  it('after ErrorSendAsDenied', async () => {
    const { server, transport, drafts } = await start();
    server.faults.on('CreateItem').once().draftOnSendAsDenied();
    expect(await send(transport, notes(transport, 2))).toMatchObject([
      { status: 'rejected', scope: 'mailbox', draft: 'removed' },
      { status: 'rejected', scope: 'mailbox', draft: 'removed' },
    ]);
    expect(drafts()).toBe(0);
  });

  it('nor if a probe is the first to see it, once it is old enough', async () => {
    const clock = new ManualClock(Date.now() - 3_600_000); // Items stored by the server from now on are an hour old.
    const { server, transport, drafts } = await start({ clock });
    server.faults.on('CreateItem').once().copyStoredSendFailed({ unsent: true });
    const sent = notes(transport, 1);
    expect(statuses(await send(transport, sent))).toEqual(['unconfirmed']);
    expect(await look(transport, sent)).toEqual([{ status: 'draft', removed: true }]);
    expect(server.mailbox(alice).folder('conversationhistory').items).toHaveLength(0);
    expect(drafts()).toBe(0);
  });

  it('but a young one is left to the server', async () => {
    const { server, transport } = await start();
    server.faults.on('CreateItem').once().copyStoredSendFailed({ unsent: true });
    const sent = notes(transport, 1);
    await send(transport, sent);
    expect(await look(transport, sent)).toEqual([{ status: 'pending' }]);
  });
});

describe('the server refuses', () => {
  it('as busy, as a fault and in the body', async () => {
    const { server, transport, inbox } = await start();
    server.faults.on('CreateItem').nth(1).serverBusy({ backOff: 5000 });
    server.faults.on('CreateItem').nth(2).serverBusy({ backOff: 7000, form: 'item' });
    expect(await send(transport, notes(transport, 1))).toMatchObject([
      { status: 'deferred', scope: 'mailbox', retryAfter: 5000 },
    ]);
    expect(await send(transport, notes(transport, 1))).toMatchObject([
      { status: 'deferred', scope: 'mailbox', retryAfter: 7000 },
    ]);
    expect(inbox()).toEqual([]);
  });

  it('a wrong password', async () => {
    const { transport } = await start({}, { credentials: basicAuth({ username: alice, password: 'wrong' }) });
    expect(await send(transport, notes(transport, 1))).toMatchObject([{ status: 'blocked', scope: 'mailbox', sent: 'no' }]);
    await expect(transport.verify({ address: alice }, always())).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
  });

  it('a foreign class, and accepts the note with the fallback class', async () => {
    const { server, transport, drafts } = await start({ profile: { createForeignClasses: 'refused' } });
    expect(await send(transport, notes(transport, 2))).toEqual([
      { status: 'delivered', messageClass: 'IPM.Note.Microsoft.Missed' },
      { status: 'delivered', messageClass: 'IPM.Note.Microsoft.Missed' },
    ]);
    expect(server.mailbox(bob).missedConversations()).toHaveLength(2);
    expect(drafts()).toBe(0);
  });

  it.each(['exchange-2010', 'exchange-2013', 'exchange-2016', 'exchange-2019', 'exchange-online'] as const)(
    'every version that is tried first: %s',
    async (profile) => {
      for (const serverVersion of [
        'Exchange2010_SP2',
        'Exchange2013',
        'Exchange2013_SP1',
        'Exchange2015',
        'Exchange2016',
      ] as const) {
        const { server, transport, inbox } = await start({ profile }, { serverVersion });
        const sent = notes(transport, 2);
        expect(statuses(await send(transport, sent))).toEqual(['delivered', 'delivered']);
        expect(inbox()).toHaveLength(2);
        expect(statuses(await look(transport, sent))).toEqual(['found', 'found']);
        expect(server.mailbox(alice).conversationHistory()).toHaveLength(2);
        await server.close();
      }
    },
  );
});
