/** An attacker who can write to the storage but has no key cannot move, exchange or restore sealed values, between entries, notes or spools with the same keys. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Frozen, SpoolEntry } from '../../../src/spool/contract.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { BlindIndex } from '../../../src/spool/sealed/blind-index.ts';
import { Entries } from '../../../src/spool/sealed/entries.ts';
import { openFrozen, sealFrozen } from '../../../src/spool/sealed/frozen.ts';
import { checkedKeys } from '../../../src/spool/sealed/keys.ts';
import { Sealer } from '../../../src/spool/sealed/seal.ts';
import { sealed } from '../../../src/spool/sealed/sealed-spool.ts';
import { ManualClock } from '../../../src/testing.ts';
import { numbersOfRow } from '../../support/security-page.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { newKey } from './support.ts';

const options = { keys: [{ id: 'k1', key: newKey() }], routingKey: newKey() };
const { keys, routing } = checkedKeys(options);
const sealer = new Sealer(keys);
const entries = new Entries(sealer, new BlindIndex(routing));
const reason = { code: 'CONNECTION_LOST', text: 'the answer was lost' } as const;

/** Two entries, each as its own spool has stored it after an attempt that may have been sent. */
async function storedTwice(classes: readonly string[], sameMessage: boolean): Promise<readonly SpoolEntry[]> {
  const clock = new ManualClock();
  const stored: SpoolEntry[] = [];
  for (const [index, messageClass] of classes.entries()) {
    const inner = new MemorySpool();
    const spool = sealed(inner, options);
    await spool.open({ clock, tombstones: 1_000 });
    const id = `entry-${index}`;
    const parts = sameMessage ? { messageId: 'same', contentHash: 'same' } : {};
    await spool.append([newEntry(id, { ...parts, messageClass, pickupIn: 0 })]);
    const [note] = await spool.claim(claimRequest({ newNoteId: () => `note-${index}` }));
    await spool.settle([{ token: note?.token ?? '', to: 'unconfirmed', after: 0, absent: false, counted: 0, reason }]);
    for await (const one of inner.list()) stored.push(one);
    await spool.close();
  }
  return stored;
}

/** The parts of an entry replaced by those of another. */
const moves: Readonly<Record<string, (one: SpoolEntry, other: SpoolEntry) => SpoolEntry>> = {
  'its text': (one, other) => withText(one, other.message?.text ?? ''),
  'its head': (one, other) => ({ ...one, to: other.to }),
  'its head, as its text': (one) => withText(one, one.to[0]?.name ?? ''),
  'its text, as its head': (one) => ({ ...one, to: one.to.map((to) => ({ ...to, name: one.message?.text ?? '' })) }),
  'text and head': (one, other) => ({ ...withText(one, other.message?.text ?? ''), to: other.to }),
  'what may have been sent': (one, other) => ({ ...one, unknownAttempts: other.unknownAttempts }),
  'the place of an attempt': (one, other) => ({
    ...one,
    unknownAttempts: one.unknownAttempts.map((attempt, index) => ({
      ...attempt,
      place: other.unknownAttempts[index]?.place ?? attempt.place,
    })),
  }),
  'its id': (one, other) => ({ ...one, id: other.id }),
  'its mailbox': (one) => ({ ...one, lane: 'f'.repeat(64) }),
  'its conversation': (one) => ({ ...one, conversationId: 'f'.repeat(64) }),
  'its recipients, by their hash': (one) => ({ ...one, recipientsKey: 'f'.repeat(64) }),
  'its audience': (one) => ({ ...one, audience: one.audience === 'federated' ? 'same-organization' : 'federated' }),
  'its class': (one) => ({ ...one, messageClass: `${one.messageClass}.Other` }),
};

function withText(entry: SpoolEntry, text: string): SpoolEntry {
  return entry.message === undefined ? entry : { ...entry, message: { ...entry.message, text } };
}

const pairs = 20;
const alterations = 200;

const anyClass = fc.constantFrom('IM.Note.MissedConversation', 'IPM.Note', 'IM.Note');

it.each(Object.entries(moves))('%s of another entry, or of another spool with the same keys, is refused', async (_what, move) => {
  await fc.assert(
    fc.asyncProperty(fc.tuple(anyClass, anyClass), fc.boolean(), async (classes, sameMessage) => {
      const [one, other] = await storedTwice(classes, sameMessage);
      if (one === undefined || other === undefined) throw new Error('two entries were expected');
      await expect(entries.open(one)).resolves.toMatchObject({ message: { text: 'text of entry-0' } });
      await expect(entries.open(move(one, other))).rejects.toMatchObject({ code: 'SPOOL_SEAL_BROKEN' });
    }),
    { numRuns: pairs },
  );
});

it('a part of a sealed value that was altered anywhere cannot be opened', async () => {
  const [one] = await storedTwice(['IPM.Note'], false);
  if (one === undefined) throw new Error('an entry was expected');
  const text = one.message?.text ?? '';
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: text.length - 1 }), fc.constantFrom('A', 'b', '.', '_'), async (at, character) => {
      fc.pre(text[at] !== character);
      const altered = `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
      // Unused bits of the last character may differ.
      const opened = await entries.open(withText(one, altered)).catch((error: { readonly code?: string }) => error.code);
      if (typeof opened === 'string') expect(['SPOOL_SEAL_BROKEN', 'SPOOL_KEY_MISSING']).toContain(opened);
      else expect(at).toBe(text.length - 1);
    }),
    { numRuns: alterations },
  );
});

it('the frozen values of a note belong to that note: subject, place, class and wording', async () => {
  const place = { endpoint: 'https://exchange.test', mailbox: 'alice@contoso.com', folder: 'history' };
  const freeze = (noteId: string): Promise<Frozen> =>
    sealFrozen(
      sealer,
      { messageClass: 'IPM.Note', subject: `subject of ${noteId}`, wording: 1, place },
      { noteId, tag: `${noteId}:1`, entries: ['a'], subject: undefined },
    );
  const [one, other] = await Promise.all([freeze('one'), freeze('other')]);
  await expect(openFrozen(sealer, one, 'one')).resolves.toMatchObject({ subject: 'subject of one', place });
  const moved: Frozen[] = [
    { ...one, subject: other.subject },
    { ...one, place: other.place },
    { ...one, messageClass: 'IM.Note' },
    { ...one, wording: 2 },
    { ...one, subject: one.place.mailbox },
  ];
  const counts = [Object.keys(moves).length, Object.keys(moves).length * pairs, alterations, moved.length + 1];
  expect(numbersOfRow('Sealed values').tried).toEqual(counts);
  for (const frozen of [...moved, other])
    await expect(openFrozen(sealer, frozen, 'one')).rejects.toMatchObject({ code: 'SPOOL_SEAL_BROKEN' });
});

it('a whole entry cannot be opened in a spool with another routing key, whatever keys they share', async () => {
  await fc.assert(
    fc.asyncProperty(fc.tuple(anyClass, anyClass), fc.boolean(), async (classes, sameMessage) => {
      const [one] = await storedTwice(classes, sameMessage);
      if (one === undefined) throw new Error('an entry was expected');
      const elsewhere = new Entries(sealer, new BlindIndex(checkedKeys({ ...options, routingKey: newKey() }).routing));
      await expect(entries.open(one)).resolves.toMatchObject({ message: { text: 'text of entry-0' } });
      await expect(elsewhere.open(one)).rejects.toMatchObject({ code: 'SPOOL_KEY_MISSING', details: { keyId: 'routingKey' } });
    }),
    { numRuns: 5 },
  );
});
