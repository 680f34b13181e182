/** Folders in other languages: the names change, the classes stay. */
import { expect, it } from 'vitest';
import { createExchange } from '../../../src/testing.ts';
import { alice, sendToSimulator } from '../../support/send-to-simulator.ts';

it.each([
  ['de', 'Posteingang', 'Aufgezeichnete Unterhaltungen'],
  ['fr', 'Boîte de réception', 'Historique des conversations'],
  ['es', 'Bandeja de entrada', 'Historial de conversaciones'],
  ['ja', '受信トレイ', '会話の履歴'],
] as const)('%s', (folderNames, inbox, history) => {
  const made = createExchange({ mailboxes: [{ address: alice, folderNames }] }).mailbox(alice);
  expect([made.folder('inbox').displayName, made.folder(inbox).folderClass]).toEqual([inbox, 'IPF.Note']);
  expect([made.folder('conversationhistory').displayName, made.folder(history).folderClass]).toEqual([
    history,
    'IPF.Note.Microsoft.Conversation',
  ]);
  expect(new Set(made.folders.map(({ displayName }) => displayName)).size).toBe(made.folders.length);
});

it('custom names', () => {
  const made = createExchange({ mailboxes: [{ address: alice, folderNames: { inbox: 'Innboks' } }] }).mailbox(alice);
  expect([made.folder('inbox').displayName, made.folder('drafts').displayName]).toEqual(['Innboks', 'Drafts']);
  expect(() => createExchange({ mailboxes: [{ address: alice, folderNames: 'tlh' as never }] })).toThrow('not a known language');
});

it.each(['distinguished', 'by-name'] as const)(
  'EwsTransport keeps copies in the folder of that class: %s',
  async (conversationHistory) => {
    await using scene = await sendToSimulator({
      simulator: {
        profile: { conversationHistory },
        mailboxes: [{ address: alice, folderNames: 'de' }, 'bob@contoso.test'],
      },
    });
    await scene.send('Hallo');
    await scene.settle(60_000);
    expect(scene.folder('Aufgezeichnete Unterhaltungen')).toEqual(['Hallo']);
    expect(scene.exchange.mailbox(alice).findFolder('Conversation History')).toBeUndefined();
  },
);
