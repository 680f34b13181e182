/** Drafts that older software left: what is found, what may be removed, what never is. */
import { afterEach, describe, expect, it } from 'vitest';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing/simulator/simulator.ts';
import type { ItemState } from '../../../src/testing/simulator/store/message-flags.ts';
import { checkedFetch, validateBody } from '../../support/ews-schema.ts';
import { makeNote, useHarness } from '../support/harness.ts';
import { message, response } from '../support/responses.ts';

const alice = { address: 'alice@contoso.test' };
const missed = 'IM.Note.MissedConversation';
const hour = 3_600_000;
const signal = new AbortController().signal;

let exchange: ExchangeSimulator | undefined;
afterEach(async () => {
  const entries = exchange?.journal ?? [];
  expect(entries.flatMap((entry) => validateBody(entry.requestBody))).toEqual([]);
  expect(entries.flatMap(({ responseBody }) => (responseBody === '' ? [] : validateBody(responseBody)))).toEqual([]);
  await exchange?.close();
  exchange = undefined;
});

/** What the server stores now is two hours old, unless the clock is turned. */
async function start() {
  const clock = new ManualClock(Date.now() - 2 * hour);
  const server = await startExchangeSimulator({ mailboxes: [alice.address], clock });
  exchange = server;
  const transport = new EwsTransport({
    url: server.url,
    credentials: basicAuth({ username: alice.address, password: 'p' }),
    fetch: checkedFetch(),
  });
  const mailbox = server.mailbox(alice.address);
  const put = (itemClass: string, tag?: string, state: ItemState = 'draft', folder = 'drafts') => {
    const note = makeNote(transport, 0);
    const set = 'b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147';
    const properties = tag === undefined ? [] : [{ path: { type: 'String', set, name: 'OfflineImTag' }, value: tag }];
    const content = {
      itemClass,
      subject: 'Bob sent you a message',
      body: note.body,
      importance: 'Normal',
      sensitivity: 'Normal',
      to: note.to,
      cc: [],
      bcc: [],
      internetMessageId: '<a@b>',
      properties,
    } as const;
    return mailbox.store(mailbox.folder(folder), content, state);
  };
  return { server, clock, transport, mailbox, put };
}

describe('findStrandedDrafts()', () => {
  it('lists what has our tag, and nothing else unless asked', async () => {
    const { transport, put } = await start();
    const ours = put(missed, 'n1:1');
    put(missed);
    put('IPM.Note');
    const { drafts, complete } = await transport.findStrandedDrafts(alice, { signal });
    expect(complete).toBe(true);
    expect(drafts).toEqual([
      {
        mailbox: alice.address,
        id: ours.id,
        messageClass: missed,
        created: expect.any(Date),
        tag: 'n1:1',
        action: 'left-not-settled',
      },
    ]);
  });

  it('lists missed-conversation classes when asked, and no class that only begins alike', async () => {
    const { transport, put } = await start();
    const classes = [missed, 'IM.Note.MisssedConversation', 'IPM.Note.Microsoft.Missed', 'IPM.Note.Microsoft.Missed.Voice'];
    for (const name of [...classes, 'IPM.Note.Microsoft.MissedX', 'IPM.Note', 'IM.Note.MissedConversations']) put(name);
    const all = await transport.findStrandedDrafts(alice, { byMessageClass: true, signal });
    expect(all.drafts.map((draft) => draft.messageClass)).toEqual(classes);
    const own = await transport.findStrandedDrafts(alice, { byMessageClass: ['IPM.Note.Microsoft.Missed.Voice'], signal });
    expect(own.drafts).toHaveLength(1);
  });

  it('reads subjects only when asked', async () => {
    const { server, transport, put } = await start();
    put(missed, 'n1:1');
    expect((await transport.findStrandedDrafts(alice, { signal })).drafts[0]).not.toHaveProperty('subject');
    expect(server.journal[0]?.responseBody).not.toContain('Bob');
    expect((await transport.findStrandedDrafts(alice, { subjects: true, signal })).drafts[0]?.subject).toMatch(/^Bob/);
  });

  it('goes through the pages, up to the limit', async () => {
    const { server, transport, put } = await start();
    for (let n = 0; n < 250; n++) put(missed, `n${n}:1`);
    const all = await transport.findStrandedDrafts(alice, { signal });
    expect(all.complete).toBe(true);
    expect(new Set(all.drafts.map((draft) => draft.tag)).size).toBe(250);
    expect(server.journal).toHaveLength(3);
    const some = await transport.findStrandedDrafts(alice, { limit: 120, signal });
    expect(some.complete).toBe(false);
    expect(some.drafts).toHaveLength(120);
    expect((await transport.findStrandedDrafts(alice, { limit: 250, signal })).complete).toBe(true);
  });

  it('rejects where Drafts can not be read, and when aborted', async () => {
    const { transport, mailbox } = await start();
    mailbox.folder('drafts').readable = false;
    await expect(transport.findStrandedDrafts(alice, { signal })).rejects.toMatchObject({
      code: 'EWS_ERROR',
      details: { responseCode: 'ErrorAccessDenied' },
    });
    await expect(transport.findStrandedDrafts(alice, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'NOT_ATTEMPTED',
    });
  });
});

describe('removeStrandedDrafts()', () => {
  it('removes nothing that was only looked for', async () => {
    const { server, transport, mailbox, put } = await start();
    put(missed);
    const { drafts } = await transport.findStrandedDrafts(alice, { byMessageClass: true });
    expect(drafts.map((draft) => draft.action)).toEqual(['would-remove']);
    expect(mailbox.folder('drafts').items).toHaveLength(1);
    expect(server.journal.map((entry) => entry.operation)).toEqual(['FindItem']);
  });

  it('moves to Deleted Items what is safe to remove', async () => {
    const { transport, mailbox, put } = await start();
    put(missed);
    put(missed, 'n1:1');
    put(missed, 'n2:3');
    const asked: unknown[] = [];
    const isSettled = (note: { noteId: string; tag: string }) => {
      asked.push(note);
      return Promise.resolve(note.noteId === 'n2');
    };
    const { drafts } = await transport.findStrandedDrafts(alice, { byMessageClass: true, isSettled, signal });
    const report = await transport.removeStrandedDrafts(drafts, { signal });
    expect(report.drafts.map(({ tag, action }) => [tag, action])).toEqual([
      [undefined, 'removed'],
      ['n1:1', 'left-not-settled'],
      ['n2:3', 'removed'],
    ]);
    expect(asked).toEqual([
      { noteId: 'n1', tag: 'n1:1' },
      { noteId: 'n2', tag: 'n2:3' },
    ]);
    expect(mailbox.folder('deleteditems').items).toHaveLength(2);
    expect(mailbox.folder('drafts').items).toHaveLength(1);
  });

  it('never what is young, was sent, or is on its way out', async () => {
    const { clock, transport, mailbox, put } = await start();
    put(missed, undefined, 'sent-copy');
    put(missed, undefined, 'pending');
    clock.setWall(Date.now() - hour + 60_000);
    put(missed);
    const options = { byMessageClass: true, olderThan: 0, signal };
    const { drafts } = await transport.findStrandedDrafts(alice, options);
    expect((await transport.removeStrandedDrafts(drafts)).drafts.map((draft) => draft.action)).toEqual([
      'left-not-a-draft',
      'left-not-a-draft',
      'left-too-young',
    ]);
    expect(mailbox.folder('drafts').items).toHaveLength(3);
  });

  it('looks in no other folder', async () => {
    const { transport, put } = await start();
    put(missed, 'n1:1', 'draft', 'conversationhistory');
    const found = await transport.findStrandedDrafts(alice, { signal });
    expect((await transport.removeStrandedDrafts(found.drafts)).drafts).toEqual([]);
  });

  it('says what could not be removed', async () => {
    const { server, transport, mailbox, put } = await start();
    put(missed);
    server.faults.on('DeleteItem').http(503);
    const found = await transport.findStrandedDrafts(alice, { byMessageClass: true, signal });
    const { drafts } = await transport.removeStrandedDrafts(found.drafts, { signal });
    expect(drafts.map((draft) => draft.action)).toEqual(['failed']);
    expect(mailbox.folder('drafts').items).toHaveLength(1);
  });
});

describe('odd answers', () => {
  const h = useHarness();
  it.each([
    response('FindItem', []),
    response('FindItem', [message('FindItem', 'NoError', { content: '' })]),
    response('GetItem', []),
  ])('%#', async (body) => {
    h.server.handler = () => ({ body });
    await expect(h.transport().findStrandedDrafts(alice, { signal })).rejects.toMatchObject({ code: 'RESPONSE_UNREADABLE' });
  });
});
