/** The folder of the copies was moved, deleted or hidden after the send: what lies in it is found, or nothing is absent. */
import { afterEach, describe, expect, it } from 'vitest';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import {
  type ExchangeSimulator,
  type ExchangeSimulatorOptions,
  startExchangeSimulator,
} from '../../../src/testing/simulator/simulator.ts';
import type { Note } from '../../../src/transport/contract.ts';
import { checkedFetch } from '../../support/ews-schema.ts';
import { hastyClock } from '../../support/hasty-clock.ts';
import { always, makeNote } from '../support/note.ts';

const alice = 'alice@contoso.test';

let exchange: ExchangeSimulator | undefined;
afterEach(async () => {
  await exchange?.close();
  exchange = undefined;
});

/** A mailbox without a distinguished Conversation History, where a note was sent, by a process that is gone; `folder` is that of its copy. */
async function sentNote(options: Partial<ExchangeSimulatorOptions> = {}) {
  const server = await startExchangeSimulator({
    mailboxes: [{ address: alice, password: 'p' }, 'bob@contoso.test'],
    profile: 'exchange-2010',
    ...options,
  });
  exchange = server;
  const fetch = checkedFetch();
  const transport = (): EwsTransport =>
    new EwsTransport({
      url: server.url,
      credentials: basicAuth({ username: alice, password: 'p' }),
      fetch,
      clock: hastyClock,
    });
  const note = makeNote(transport(), 0);
  await transport().deliver([note], always());
  const mailbox = server.mailbox(alice);
  const folder = mailbox.folder('Conversation History');
  expect(folder.items).toHaveLength(1);
  const probe = async (one: Note = note, by = transport()) => {
    const unknownAttempts = [{ tag: one.tag, place: one.place }];
    const [result] = await by.probe([{ ...one, unknownAttempts }], always());
    expect(fetch.errors).toEqual([]);
    return result;
  };
  return { server, mailbox, folder, note, probe, transport };
}

describe('a copy is found', () => {
  it.each(['deleteditems', 'inbox'])('in its folder, moved into %s', async (to) => {
    const { mailbox, folder, probe } = await sentNote();
    mailbox.moveFolder(folder, mailbox.folder(to));
    expect(await probe()).toEqual({ status: 'found' });
  });

  it('in its folder, deleted with the folder above it, beside a new Conversation History', async () => {
    const { mailbox, folder, probe } = await sentNote();
    const old = mailbox.createFolder(mailbox.folder('deleteditems'), 'Old');
    mailbox.moveFolder(folder, mailbox.createFolder(old, 'Older'));
    mailbox.createFolder(mailbox.folder('msgfolderroot'), 'Conversation History');
    expect(await probe()).toEqual({ status: 'found' });
  });

  it('in its folder, deleted for good, where Recoverable Items keeps folders', async () => {
    const { mailbox, folder, probe } = await sentNote();
    mailbox.moveFolder(folder, mailbox.folder('recoverableitemsdeletions'));
    expect(await probe()).toEqual({ status: 'found' });
  });

  it('in its folder, renamed and deleted', async () => {
    const { mailbox, folder, probe } = await sentNote();
    mailbox.updateFolder(folder, { displayName: 'Old messages', folderClass: 'IPF.Note' });
    mailbox.moveFolder(folder, mailbox.folder('deleteditems'));
    expect(await probe()).toEqual({ status: 'found' });
  });
});

describe('a folder that was deleted for good', () => {
  /** A note whose place names the folder by its id, and one that doesn't: both sent. */
  async function twoNotes(recoverableItems: boolean) {
    const { mailbox, note: first, probe, transport } = await sentNote();
    const sender = transport();
    const placed = makeNote(sender, 1);
    await sender.deliver([placed], always());
    const second = makeNote(sender, 2);
    await sender.deliver([second], always());
    expect([placed.place.folder, second.place.folder]).toEqual(['conversationhistory', expect.stringMatching(/^id:/)]);
    mailbox.removeFolder(mailbox.folder('Conversation History'));
    mailbox.folder('recoverableitemsdeletions').readable = recoverableItems;
    return { mailbox, probe, sender, first, placed, second };
  }

  it('leaves unknown what lay in it, where the login does not see Recoverable Items', async () => {
    const { probe, sender, placed, second } = await twoNotes(false);
    for (const note of [second, placed, second, placed]) {
      expect(await probe(note, sender)).toMatchObject({ status: 'unknown', error: { code: 'RESPONSE_INCOMPLETE' } });
    }
    // Another process has the id from the place.
    expect(await probe(second)).toMatchObject({ status: 'unknown' });
  });

  it('does not while Recoverable Items can be searched, where Exchange keeps what lay in it', async () => {
    const { probe, sender, second } = await twoNotes(true);
    expect(await probe(second, sender)).toEqual({ status: 'absent' });
  });

  it('is not what a mailbox without a Conversation History had', async () => {
    const { probe, first } = await twoNotes(false);
    expect(await probe(first)).toEqual({ status: 'absent' });
  });
});

describe('a deleted folder that the login may see and not read', () => {
  const withOne = async (displayName: string) => {
    const scene = await sentNote();
    const { mailbox, folder } = scene;
    mailbox.createFolder(mailbox.folder('deleteditems'), displayName).readable = false;
    const { note } = scene;
    const unsent = { ...note, tag: `${note.tag}0` };
    expect(folder.items).toHaveLength(1);
    return scene.probe(unsent);
  };

  it('holds no copy, since none was ever put into it', async () => {
    expect(await withOne('Old projects')).toEqual({ status: 'absent' });
  });

  it('leaves a note unknown if it may be that of the copies', async () => {
    expect(await withOne('Conversation History')).toMatchObject({ status: 'unknown' });
  });
});
