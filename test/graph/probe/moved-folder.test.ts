/** Conversation History was moved or deleted with the copies that `keepCopyIn` had put there: they are found, or nothing is absent. */
import { afterEach, describe, expect, it } from 'vitest';
import { GraphTransport } from '../../../src/graph/graph-transport.ts';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing.ts';
import { hastyClock } from '../../support/hasty-clock.ts';
import { type Answer, canned, graphError, item, list, makeNote, nothing } from '../support/canned.ts';
import { contentOf } from '../support/conformance.ts';

const alice = 'alice@contoso.test';
const signal = new AbortController().signal;
const tag = 'note-1:1';

let exchange: ExchangeSimulator | undefined;
afterEach(async () => {
  await exchange?.close();
  exchange = undefined;
});

it.each(['deleteditems', 'inbox'])('a copy is found in its folder, moved below %s', async (to) => {
  const server = await startExchangeSimulator({ mailboxes: [alice] });
  exchange = server;
  const transport = new GraphTransport({
    root: server.graphUrl,
    credential: async () => ({ token: server.tokens.issue(alice) }),
    clock: hastyClock,
    keepCopyIn: 'conversationhistory',
  });
  const note = { ...makeNote(transport, 1), messageClass: 'IPM.Note.Microsoft.Missed' };
  const mailbox = server.mailbox(alice);
  const old = mailbox.createFolder(mailbox.createFolder(mailbox.folder(to), 'Old'), 'Older');
  mailbox.store(old, contentOf(note), 'sent-copy');
  const [result] = await transport.probe([{ ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] }], { signal });
  expect(result).toEqual({ status: 'found' });
});

describe('where copies are kept in Conversation History', () => {
  const probe = async (all: Answer, history: Answer = graphError(404, 'ErrorFolderNotFound')) => {
    const server = canned(({ what }) => (what === 'messages' ? all : what === 'conversationhistory' ? history : nothing), {
      keepCopyIn: 'conversationhistory',
    });
    const [result] = await server.probe();
    return { result, asked: server.asked.map(({ what }) => what) };
  };

  it('all folders are searched at once before a note is absent, also where there never was one', async () => {
    const { result, asked } = await probe(nothing);
    expect(result).toEqual({ status: 'absent' });
    expect(asked.filter((what) => what === 'messages')).toHaveLength(1);
    expect(asked.at(-1)).toBe('messages');
  });

  it('a copy in any folder is found', async () => {
    expect((await probe(list(item(tag)), nothing)).result).toEqual({ status: 'found' });
  });

  it.each([
    ['fails', { status: 500 }],
    ['is refused', graphError(403, 'ErrorAccessDenied')],
    ['finds no mailbox', graphError(404, 'ErrorItemNotFound')],
    ['has no list', { json: {} }],
    ['shows something else', list(item('note-1:2'))],
  ] as [string, Answer][])('nothing is absent if that search %s', async (_, all) => {
    expect((await probe(all)).result?.status).toBe('unknown');
  });
});
