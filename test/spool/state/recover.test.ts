/** What opening does with the remains of a process, and what a restored copy holds. */
import { describe, expect, it } from 'vitest';
import type { NoteRecord } from '../../../src/spool/state/records.ts';
import { recoverEntry, recoverNote } from '../../../src/spool/state/recover.ts';
import { holdRestored, isHeldOfCopy, releaseRestored } from '../../../src/spool/state/restored.ts';
import { delivering, place, probed, reason, Scene, sentence } from './scene.ts';

const outcomeUnknown = { code: 'OUTCOME_UNKNOWN', text: expect.stringMatching(sentence) };
/** A note as journaled: without its lease, which no one can hold any more. */
const unleased = ({ lease: _lease, ...note }: NoteRecord): NoteRecord => note;
const recover = (scene: Scene, note: NoteRecord) => scene.run((tx) => recoverNote(tx, note, scene.now));

describe('a note after a crash', () => {
  it('delivering → unconfirmed: its attempt may have been sent, and is probed at once', () => {
    const { scene, note } = delivering('a', 'b');
    scene.now += 9_000;
    recover(scene, unleased(scene.note(note.noteId)));
    expect(scene.note(note.noteId)).toMatchObject({
      state: 'unconfirmed',
      due: { at: scene.now, within: 0 },
      lastRanAt: scene.now,
    });
    expect(scene.entry('b').status).toMatchObject({
      state: 'unconfirmed',
      unknownAttempts: [{ tag: note.tag, place }],
      reason: outcomeUnknown,
    });
  });

  it('that is in progress in this process is left alone', () => {
    const { scene, note } = delivering('a');
    const before = scene.note(note.noteId);
    recover(scene, before);
    expect(scene.note(note.noteId)).toBe(before);
  });

  it('unconfirmed: its grace period starts over, since the clock may have been set meanwhile', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'unclaim' });
    const before = scene.note(note.noteId);
    recover(scene, before);
    expect(scene.note(note.noteId)).toEqual({ ...before, lastRanAt: scene.now });
    const same = scene.note(note.noteId);
    recover(scene, same);
    expect(scene.note(note.noteId)).toBe(same);
  });

  it('deferred: due no later than its back-off allows', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { to: 'deferred', after: 1_000, failure: true, reason });
    const before = scene.note(note.noteId);
    scene.now += 10;
    recover(scene, before);
    expect(scene.note(note.noteId)).toBe(before);
    scene.now -= 50_000;
    recover(scene, before);
    expect(scene.note(note.noteId)).toEqual({ ...before, due: { at: scene.now + 1_000, within: 1_000 }, lastRanAt: scene.now });
  });

  it('deferred, with a due time of another clock: its back-off starts over', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { to: 'deferred', after: 1_000, failure: true, reason });
    const before = { ...scene.note(note.noteId), due: { at: 9e12, within: 1_000 } };
    scene.run((tx) => tx.putNote(before));
    recover(scene, before);
    expect(scene.note(note.noteId)).toEqual({ ...before, due: { at: scene.now + 1_000, within: 1_000 } });
  });

  it('keeps only members whose own record agrees', () => {
    const { scene, note } = delivering('a', 'b', 'c');
    scene.settle(note, { to: 'deferred', after: 1_000, failure: true, reason });
    scene.run((tx) => {
      tx.move(scene.entry('a'), 'spooled', { noteId: undefined });
      tx.move(scene.entry('b'), 'deferred', { noteId: 'another' });
    });
    recover(scene, { ...scene.note(note.noteId), entryIds: ['a', 'b', 'c', 'gone'] });
    expect(scene.note(note.noteId).entryIds).toEqual(['c']);
  });

  it('without members is dropped', () => {
    const { scene, note } = delivering('a');
    const { noteId } = note;
    scene.run((tx) => tx.move(scene.entry('a'), 'dead', {}));
    recover(scene, unleased(scene.note(noteId)));
    expect(scene.table.note(noteId)).toBeUndefined();
  });
});

describe('an entry after a crash', () => {
  const recoverIt = (scene: Scene) => scene.run((tx) => recoverEntry(tx, scene.entry('a'), scene.now));

  it('that waits is unchanged', () => {
    const scene = new Scene();
    scene.append('a');
    const before = scene.entry('a');
    recoverIt(scene);
    expect(scene.entry('a')).toBe(before);
  });

  it('waits no longer than its delay after the clock was set back', () => {
    const scene = new Scene();
    scene.append('a', { pickupIn: 100, expiresIn: 5_000 });
    scene.now -= 50_000;
    recoverIt(scene);
    expect(scene.entry('a').status).toMatchObject({
      state: 'spooled',
      due: { at: scene.now + 100 },
      expiresAt: scene.now + 5_000,
    });
    expect(scene.changes).toEqual([]);
  });

  it('ended no later than now', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { to: 'delivered' });
    scene.now -= 5_000;
    recoverIt(scene);
    expect(scene.entry('a').status).toMatchObject({ state: 'delivered', endedAt: scene.now });
  });

  it('in its note is unchanged', () => {
    const { scene } = delivering('a');
    const before = scene.entry('a');
    recoverIt(scene);
    expect(scene.entry('a')).toBe(before);
  });

  it('whose note is gone: probed if its attempts are known, else dead; never sent like a new one', () => {
    const known = probed('a');
    known.scene.run((tx) => tx.dropNote(known.note.noteId));
    recoverIt(known.scene);
    const { status } = known.scene.entry('a');
    expect(status).toMatchObject({ state: 'unconfirmed', noteId: `a-${status.rev}`, reason: outcomeUnknown });

    const { scene, note } = delivering('a');
    scene.run((tx) => tx.dropNote(note.noteId));
    recoverIt(scene);
    expect(scene.entry('a').status).toMatchObject({ state: 'dead', reason: outcomeUnknown, endedAt: scene.now });
  });

  it('unconfirmed without a known attempt: dead', () => {
    const { scene, note } = probed('a');
    scene.run((tx) => {
      tx.dropNote(note.noteId);
      tx.move(scene.entry('a'), 'unconfirmed', { unknownAttempts: [] });
    });
    recoverIt(scene);
    expect(scene.states('a')).toEqual(['dead']);
  });

  it('deferred with known attempts, but without the note that may have been running: dead', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'deferred', after: 0, failure: false, reason });
    scene.run((tx) => tx.dropNote(note.noteId));
    recoverIt(scene);
    expect(scene.states('a')).toEqual(['dead']);
  });

  it('that its note no longer lists: likewise', () => {
    const { scene, note } = delivering('a', 'b');
    scene.run((tx) => tx.putNote({ ...scene.note(note.noteId), entryIds: ['b'] }));
    recoverIt(scene);
    expect(scene.states('a')).toEqual(['dead']);
  });

  it('that is gone stays gone', () => {
    const { scene } = delivering('a');
    const record = scene.entry('a');
    const other = new Scene();
    other.run((tx) => recoverEntry(tx, record, 0));
    expect(other.table.entry('a')).toBeUndefined();
  });
});

describe('a restored copy', () => {
  const restored = { code: 'SPOOL_RESTORED', text: expect.stringMatching(sentence) };
  const holdIt = (scene: Scene) => scene.run((tx) => holdRestored(tx, 'a', scene.now));

  it('holds waiting entries, which keep their place in the order', () => {
    const scene = new Scene();
    scene.append('a');
    const { order } = scene.entry('a').status;
    holdIt(scene);
    expect(scene.entry('a').status).toMatchObject({ state: 'held', order, reason: restored, attempt: 0 });
    scene.now += 5;
    scene.run((tx) => releaseRestored(tx, 'a', scene.now));
    expect(scene.entry('a').status).toMatchObject({ state: 'spooled', order, due: { at: scene.now, within: 0 } });
    expect(scene.entry('a').status).not.toHaveProperty('reason');
  });

  it('holds entries that were being delivered, whose attempt may have been sent: probed before they go on', () => {
    const { scene, note } = delivering('a', 'b');
    holdIt(scene);
    expect(scene.entry('a').status).toMatchObject({
      state: 'held',
      unknownAttempts: [{ tag: note.tag, place }],
      reason: restored,
    });
    expect(scene.entry('a').status).not.toHaveProperty('noteId');
    expect(scene.entry('b').status).toMatchObject({ state: 'unconfirmed', reason: outcomeUnknown });
    expect(scene.note(note.noteId)).toMatchObject({ entryIds: ['b'], lastRanAt: scene.now, due: { at: scene.now, within: 0 } });
    scene.run((tx) => releaseRestored(tx, 'a', scene.now));
    const { status } = scene.entry('a');
    expect(status).toMatchObject({ state: 'unconfirmed', noteId: `a-${status.rev}` });
    expect(status).not.toHaveProperty('reason');
  });

  it('holds deferred entries, out of their note', () => {
    const { scene, note } = delivering('a', 'b');
    scene.settle(note, { to: 'deferred', after: 1_000, failure: true, reason });
    holdIt(scene);
    expect(scene.states('a', 'b')).toEqual(['held', 'deferred']);
    expect(scene.note(note.noteId).entryIds).toEqual(['b']);
  });

  it('holds entries that were being probed, without another attempt', () => {
    const { scene, note } = probed('a');
    holdIt(scene);
    expect(scene.entry('a').status.unknownAttempts.map(({ tag }) => tag)).toEqual([note.tag]);
    expect(scene.table.note(note.noteId)).toBeUndefined();
  });

  it('leaves alone entries that are held, ended or gone', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { to: 'held' });
    const before = scene.entry('a');
    holdIt(scene);
    expect(scene.entry('a')).toBe(before);
    scene.run((tx) => holdRestored(tx, 'gone', 0));
    scene.run((tx) => releaseRestored(tx, 'gone', 0));
    expect(scene.table.entry('gone')).toBeUndefined();
  });

  it('holds an entry until its host acts on it', () => {
    const { scene, note } = delivering('a', 'b');
    expect([isHeldOfCopy(scene.entry('a')), isHeldOfCopy(undefined)]).toEqual([false, false]);
    scene.settle(note, { to: 'held' });
    expect(isHeldOfCopy(scene.entry('a'))).toBe(false);
    const other = new Scene();
    other.append('a');
    holdIt(other);
    expect(isHeldOfCopy(other.entry('a'))).toBe(true);
    other.run((tx) => tx.move(other.entry('a'), 'held', { reason }));
    expect(isHeldOfCopy(other.entry('a'))).toBe(false);
    holdIt(scene);
    scene.run((tx) => tx.move(scene.entry('a'), 'dead', { reason: { code: 'SPOOL_RESTORED', text: 'x' } }));
    expect(isHeldOfCopy(scene.entry('a'))).toBe(false);
  });

  it('releases only held entries', () => {
    const { scene } = delivering('a');
    scene.run((tx) => releaseRestored(tx, 'a', scene.now));
    expect(scene.states('a')).toEqual(['delivering']);
  });
});
