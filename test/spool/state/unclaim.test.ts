import { describe, expect, it } from 'vitest';
import { cancel } from '../../../src/spool/state/host-actions.ts';
import { delivering, probed, reason, Scene } from './scene.ts';

const again = { to: 'deferred', after: 7_000, failure: true, reason } as const;
const cancelled = (scene: Scene, ...ids: string[]) => scene.run((tx) => cancel(tx, ids, scene.now));

describe('unclaimed: as before the claim', () => {
  it('a new note is dissolved', () => {
    const scene = new Scene();
    for (const id of ['a', 'b']) scene.append(id);
    const before = scene.entry('a').status;
    scene.now += 120_000;
    const note = scene.claim(['a', 'b']);
    expect(scene.settle(note, { to: 'unclaim' })).toBe(true);
    expect(scene.table.note(note.noteId)).toBeUndefined();
    expect(scene.entry('a').status).toEqual({ ...before, rev: expect.any(Number) });
    expect(scene.changes).toMatchObject([
      { entryId: 'a', from: 'delivering', to: 'spooled' },
      { entryId: 'b', from: 'delivering', to: 'spooled' },
    ]);
  });

  it('a deferred note is unchanged, no attempt consumed', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, again);
    const [before, entry] = [scene.note(note.noteId), scene.entry('a').status];
    scene.settle(scene.claim(['a'], { owner: 'run-2' }), { to: 'unclaim' });
    expect(scene.note(note.noteId)).toEqual(before);
    expect(scene.entry('a').status).toEqual({ ...entry, rev: expect.any(Number) });
  });

  it('a note being probed stays unconfirmed, and its members are unchanged', () => {
    const { scene, note } = probed('a');
    const entry = scene.entry('a').status;
    scene.settle(note, { to: 'unclaim' });
    expect(scene.note(note.noteId)).toMatchObject({ state: 'unconfirmed', probes: 0, attempt: 1 });
    expect(scene.note(note.noteId)).not.toHaveProperty('lease');
    expect(scene.entry('a').status).toBe(entry);
  });

  it('a note is not due again before the given delay', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { to: 'unclaim', after: 900 });
    expect(scene.entry('a').status.due).toEqual({ at: scene.now + 900, within: 900 });
    const other = probed('a');
    other.scene.settle(other.note, { to: 'unclaim', after: 900 });
    expect(other.scene.note(other.note.noteId).due).toEqual({ at: other.scene.now + 900, within: 900 });
  });

  it('→ cancelled if a cancel was requested and it was not sent; if it may have been, it is still probed', () => {
    const { scene, note } = delivering('a', 'b');
    cancelled(scene, 'a');
    scene.settle(note, { to: 'unclaim' });
    expect(scene.states('a', 'b')).toEqual(['cancelled', 'spooled']);
    expect(scene.entry('a').status.endedAt).toBe(scene.now);
    const other = probed('a');
    cancelled(other.scene, 'a');
    other.scene.settle(other.note, { to: 'unclaim' });
    expect(other.scene.entry('a').status).toMatchObject({ state: 'unconfirmed', cancelRequested: true });
    expect(other.scene.note(other.note.noteId).entryIds).toEqual(['a']);
  });

  it('leaves a deferred note with the remaining members, and none without any', () => {
    const { scene, note } = delivering('a', 'b');
    scene.settle(note, again);
    const second = scene.claim(['a', 'b']);
    cancelled(scene, 'a');
    scene.settle(second, { to: 'unclaim' });
    expect(scene.note(note.noteId)).toMatchObject({ entryIds: ['b'], state: 'deferred' });
    const third = scene.claim(['b']);
    cancelled(scene, 'b');
    scene.settle(third, { to: 'unclaim' });
    expect(scene.table.note(note.noteId)).toBeUndefined();
  });
});
