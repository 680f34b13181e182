import { describe, expect, it } from 'vitest';
import type { Lease } from '../../../src/spool/state/records.ts';
import { refreeze, settle } from '../../../src/spool/state/settle.ts';
import { type Became, delivering, place, probed, reason, Scene } from './scene.ts';

const unknownOutcome = { to: 'unconfirmed', after: 5_000, absent: false, counted: 0, reason } as const;
const again = { to: 'deferred', after: 7_000, failure: true, reason } as const;

describe('a lost claim', () => {
  const outcomes: readonly Became[] = [
    again,
    unknownOutcome,
    { to: 'dead', sent: 'no', reason },
    { to: 'held' },
    { to: 'unclaim' },
  ];

  it.each(outcomes)('can settle nothing any more: $to', (became) => {
    const { scene, note } = delivering('a');
    scene.settle(note, again);
    const before = scene.entry('a');
    expect(scene.settle(note, became)).toBe(false);
    expect(scene.entry('a')).toBe(before);
    const later = scene.claim(['a']);
    expect(scene.settle(note, became)).toBe(false);
    expect(scene.settle({ token: 'unheard-of:1:deliver:9' }, became)).toBe(false);
    expect(scene.states('a')).toEqual(['delivering']);
    expect(scene.settle(later, became)).toBe(true);
  });

  it.each([
    ['unconfirmed', unknownOutcome],
    ['dead', { to: 'dead', sent: 'unknown', reason }],
  ] as const)('can still report "delivered", even if its entries are %s by now', (_state, became) => {
    const { scene, note } = delivering('a', 'b');
    scene.settle(note, became);
    scene.now += 5;
    expect(scene.settle(note, { to: 'delivered', messageClass: 'IPM.Note' })).toBe(false);
    expect(scene.states('a', 'b')).toEqual(['delivered', 'delivered']);
    expect(scene.entry('a').status).toMatchObject({ endedAt: scene.now, sentClass: 'IPM.Note' });
    expect(scene.table.note(note.noteId)).toBeUndefined();
  });

  it.each([
    ['unconfirmed', unknownOutcome],
    ['dead', { to: 'dead', sent: 'unknown', reason }],
  ] as const)('can still report "delivered" in the group that makes its entries %s', (_state, became) => {
    const { scene, note } = delivering('a', 'b');
    const { token } = note;
    const kept = scene.run((tx) =>
      [{ token, ...became }, { token, to: 'delivered' } as const].map((one) => settle(tx, scene.table, one, scene.now)),
    );
    expect([kept, scene.states('a', 'b')]).toEqual([
      [true, false],
      ['delivered', 'delivered'],
    ]);
    expect(scene.table.note(note.noteId)).toBeUndefined();
  });

  it.each(outcomes)('has no effect on entries that may have been sent by it: $to', (became) => {
    const { scene, note } = delivering('a');
    scene.settle(note, unknownOutcome);
    scene.settle(note, became);
    expect(scene.states('a')).toEqual(['unconfirmed']);
  });

  it('affects only the members of that attempt', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, unknownOutcome);
    scene.append('b');
    scene.claim(['b']);
    scene.settle(note, { to: 'delivered' });
    expect(scene.states('a', 'b')).toEqual(['delivered', 'delivering']);
  });

  it('reverses neither a purge nor an earlier end', () => {
    const { scene, note } = delivering('a', 'b');
    scene.settle(note, unknownOutcome);
    scene.run((tx) => {
      tx.move(scene.entry('a'), 'dead', { purged: true, endedAt: 1 });
      tx.move(scene.entry('b'), 'delivered', { endedAt: 2 });
    });
    scene.settle(note, { to: 'delivered' });
    expect([scene.entry('a').status, scene.entry('b').status]).toMatchObject([
      { state: 'dead', endedAt: 1 },
      { state: 'delivered', endedAt: 2 },
    ]);
  });

  it('of a probe affects all entries probed', () => {
    const { scene, note } = probed('a', 'b');
    scene.run((tx) =>
      tx.putNote({ ...scene.note(note.noteId), lease: { ...(scene.note(note.noteId).lease as Lease), token: 'x' } }),
    );
    scene.run((tx) => tx.move(scene.entry('a'), 'unconfirmed', { unknownAttempts: [] }));
    expect(scene.settle(note, { to: 'delivered' })).toBe(false);
    expect(scene.states('a', 'b')).toEqual(['delivered', 'delivered']);
  });

  it('of a probe for a single entry affects that entry, wherever it is now', () => {
    const { scene, attempt, note } = probed('a');
    scene.settle(note, { to: 'dead', sent: 'unknown', reason });
    expect(scene.settle({ token: 'a-17:0:probe:17' }, { to: 'delivered' })).toBe(false);
    expect(scene.states('a')).toEqual(['delivered']);
    expect(attempt.attempt).toBe(1);
  });

  it('of a probe for an entry without unknown attempts has no effect', () => {
    const scene = new Scene();
    scene.append('a');
    scene.settle({ token: 'a-17:0:probe:17' }, { to: 'delivered' });
    scene.settle({ token: 'a-17:0:deliver:17' }, { to: 'delivered' });
    expect(scene.states('a')).toEqual(['spooled']);
  });

  it('takes an entry out of its current note', () => {
    const { scene, note } = delivering('a', 'b');
    scene.settle(note, unknownOutcome);
    scene.run((tx) => settle(tx, { entriesWithTag: () => ['a', 'gone'] }, { token: note.token, to: 'delivered' }, scene.now));
    expect(scene.states('a', 'b')).toEqual(['delivered', 'unconfirmed']);
    expect(scene.note(note.noteId).entryIds).toEqual(['b']);
  });
});

describe('the frozen values', () => {
  const frozen = { messageClass: 'IPM.Note', subject: 's', wording: 3, place };

  it('are replaced while the claim is valid, as far as a spool can store them', () => {
    const { scene, note } = delivering('a');
    expect(scene.run((tx) => refreeze(tx, { token: note.token, frozen }))).toBe(true);
    expect(scene.note(note.noteId)).toMatchObject({ frozen, state: 'delivering', lease: { token: note.token } });
    scene.run((tx) => refreeze(tx, { token: note.token, frozen: { ...frozen, messageClass: '' } }));
    expect(scene.note(note.noteId).frozen?.messageClass).toBe('IPM.Note');
  });

  it('are not replaced once the claim is lost', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, again);
    expect(scene.run((tx) => refreeze(tx, { token: note.token, frozen }))).toBe(false);
    expect(scene.run((tx) => refreeze(tx, { token: 'unheard-of:1:deliver:1', frozen }))).toBe(false);
    expect(scene.note(note.noteId).frozen).toEqual(note.frozen);
  });
});
