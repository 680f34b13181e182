/** Drafts that were never sent, over EWS and over Graph: which are found, which may be removed, which never are. */
import { afterEach, describe, expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { GraphTransport } from '../../src/graph/graph-transport.ts';
import type { ItemState } from '../../src/testing/simulator/store/message-flags.ts';
import { type ExchangeSimulator, ManualClock, startExchangeSimulator } from '../../src/testing.ts';
import { makeNote } from '../ews/support/note.ts';
import { journalErrors } from '../graph/support/graph-schema.ts';
import { checkedFetch, validateBody } from '../support/ews-schema.ts';

const alice = { address: 'alice@contoso.test' };
const missed = 'IM.Note.MissedConversation';
const hour = 3_600_000;
const signal = new AbortController().signal;

/** One transport, and the terms in which its door expresses the same. */
interface Way {
  readonly name: string;
  transport(server: ExchangeSimulator): EwsTransport | GraphTransport;
  readonly errorCode: string;
  readonly lists: string;
  readonly removes: string;
  /** How many requests it takes to list so many tagged drafts. */
  requestsFor(drafts: number): number;
}

const ways: readonly Way[] = [
  {
    name: 'EwsTransport',
    transport: ({ url }) =>
      new EwsTransport({ url, credentials: basicAuth({ username: alice.address, password: 'p' }), fetch: checkedFetch() }),
    errorCode: 'EWS_ERROR',
    lists: 'FindItem',
    removes: 'DeleteItem',
    requestsFor: (drafts) => Math.ceil(drafts / 100),
  },
  {
    name: 'GraphTransport',
    transport: ({ graphUrl, tokens }) =>
      new GraphTransport({ root: graphUrl, credential: async () => ({ token: tokens.issue(alice.address) }) }),
    errorCode: 'GRAPH_ERROR',
    lists: 'listMessages',
    removes: 'moveMessage',
    requestsFor: (drafts) => 3 * Math.ceil(drafts / 100),
  },
];

let exchange: ExchangeSimulator | undefined;
afterEach(async () => {
  const entries = (exchange?.journal ?? []).filter(({ requestBody }) => requestBody.includes(':Envelope'));
  expect(entries.flatMap((entry) => validateBody(entry.requestBody))).toEqual([]);
  expect(entries.flatMap(({ responseBody }) => (responseBody === '' ? [] : validateBody(responseBody)))).toEqual([]);
  expect(journalErrors(exchange?.journal ?? [])).toEqual([]);
  await exchange?.close();
  exchange = undefined;
});

/** Items stored by the server are two hours old, unless the clock is changed. */
async function start(way: Way) {
  const clock = new ManualClock(Date.now() - 2 * hour);
  const server = await startExchangeSimulator({ mailboxes: [alice.address], clock });
  exchange = server;
  const transport = way.transport(server);
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

describe.each(ways)('$name', (way) => {
  describe('findStrandedDrafts()', () => {
    it('lists items with our tag, and others only if requested', async () => {
      const { transport, put } = await start(way);
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

    it('lists missed-conversation classes if requested, but no class that merely starts alike', async () => {
      const { transport, put } = await start(way);
      const classes = [missed, 'IM.Note.MisssedConversation', 'IPM.Note.Microsoft.Missed', 'IPM.Note.Microsoft.Missed.Voice'];
      for (const name of [...classes, 'IPM.Note.Microsoft.MissedX', 'IPM.Note', 'IM.Note.MissedConversations']) put(name);
      const all = await transport.findStrandedDrafts(alice, { byMessageClass: true, signal });
      expect(all.drafts.map((draft) => draft.messageClass).sort()).toEqual(classes.toSorted());
      const own = await transport.findStrandedDrafts(alice, { byMessageClass: ['IPM.Note.Microsoft.Missed.Voice'], signal });
      expect(own.drafts).toHaveLength(1);
    });

    it('reads subjects only if requested', async () => {
      const { server, transport, put } = await start(way);
      put(missed, 'n1:1');
      expect((await transport.findStrandedDrafts(alice, { signal })).drafts[0]).not.toHaveProperty('subject');
      expect(server.journal.map(({ responseBody }) => responseBody).join('')).not.toContain('Bob');
      expect((await transport.findStrandedDrafts(alice, { subjects: true, signal })).drafts[0]?.subject).toMatch(/^Bob/);
    });

    it('reads all pages, up to the limit', async () => {
      const { server, transport, put } = await start(way);
      for (let n = 0; n < 250; n++) put(missed, `n${n}:1`);
      const all = await transport.findStrandedDrafts(alice, { signal });
      expect(all.complete).toBe(true);
      expect(new Set(all.drafts.map((draft) => draft.tag)).size).toBe(250);
      expect(server.journal).toHaveLength(way.requestsFor(250));
      const some = await transport.findStrandedDrafts(alice, { limit: 120, signal });
      expect(some.complete).toBe(false);
      expect(some.drafts).toHaveLength(120);
      expect((await transport.findStrandedDrafts(alice, { limit: 250, signal })).complete).toBe(true);
    });

    it('rejects if Drafts cannot be read, and when aborted', async () => {
      const { transport, mailbox } = await start(way);
      mailbox.folder('drafts').readable = false;
      await expect(transport.findStrandedDrafts(alice, { signal })).rejects.toMatchObject({
        code: way.errorCode,
        details: { responseCode: 'ErrorAccessDenied' },
      });
      await expect(transport.findStrandedDrafts(alice, { signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'NOT_ATTEMPTED',
      });
    });
  });

  describe('a note that the server accepted and keeps in Drafts', () => {
    it('is counted separately, listed, and never removed', async () => {
      const { transport, mailbox, put } = await start(way);
      put(missed, 'n1:1');
      put(missed, 'n2:1');
      const isSettled = ({ noteId }: { noteId: string }) => (noteId === 'n1' ? 'accepted' : true);
      const found = await transport.findStrandedDrafts(alice, { isSettled, signal });
      expect(found).toMatchObject({ accepted: 1, drafts: [{ action: 'left-accepted' }, { action: 'would-remove' }] });
      const report = await transport.removeStrandedDrafts(found.drafts, { signal });
      expect(report).toMatchObject({ accepted: 1, drafts: [{ action: 'left-accepted' }, { action: 'removed' }] });
      expect(mailbox.folder('drafts').items).toHaveLength(1);
    });
  });

  describe('removeStrandedDrafts()', () => {
    it('removes nothing that was only listed', async () => {
      const { server, transport, mailbox, put } = await start(way);
      put(missed);
      const { drafts } = await transport.findStrandedDrafts(alice, { byMessageClass: true });
      expect(drafts.map((draft) => draft.action)).toEqual(['would-remove']);
      expect(mailbox.folder('drafts').items).toHaveLength(1);
      expect(new Set(server.journal.map((entry) => entry.operation))).toEqual(new Set([way.lists]));
    });

    it('moves items that are safe to remove to Deleted Items', async () => {
      const { transport, mailbox, put } = await start(way);
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

    it('never removes items that are young, were sent, or are in transit', async () => {
      const { clock, transport, mailbox, put } = await start(way);
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

    it('searches no other folder', async () => {
      const { transport, put } = await start(way);
      put(missed, 'n1:1', 'draft', 'conversationhistory');
      const found = await transport.findStrandedDrafts(alice, { signal });
      expect((await transport.removeStrandedDrafts(found.drafts)).drafts).toEqual([]);
    });

    it('reports items that could not be removed', async () => {
      const { server, transport, mailbox, put } = await start(way);
      put(missed);
      server.faults.on(way.removes).http(503);
      const found = await transport.findStrandedDrafts(alice, { byMessageClass: true, signal });
      const { drafts } = await transport.removeStrandedDrafts(found.drafts, { signal });
      expect(drafts.map((draft) => draft.action)).toEqual(['failed']);
      expect(mailbox.folder('drafts').items).toHaveLength(1);
    });
  });
});
