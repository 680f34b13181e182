/** How entries leave one spool and regain their state in another: none is sent twice, and none is forgotten. */
import { describe, expect, it } from 'vitest';
import type { SpoolState } from '../../../src/spool/contract.ts';
import { runOf } from '../../../src/spool/state/claim.ts';
import { cancel, hold, release } from '../../../src/spool/state/host-actions.ts';
import { isParked, parked, viewOf } from '../../../src/spool/state/records.ts';
import { isHeldOfCopy } from '../../../src/spool/state/restored.ts';
import { adopt, holdExported, isBeingImported, isExported, type MovedEntry, wasHeld } from '../../../src/spool/state/transfer.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import { delivering, place, probed, reason, Scene, sentence } from './scene.ts';

const attempts = [{ tag: 'n:1', place }];

/** An appended import, before it has regained its state. */
function imported(): Scene {
  const scene = new Scene();
  scene.append('a', { pickupIn: parked });
  return scene;
}

/** Restores the state of an entry, a minute after it was appended. */
function adopted(parts: Partial<MovedEntry> & Pick<MovedEntry, 'state'>, scene = imported()) {
  scene.now += 60_000;
  scene.run((tx) => adopt(tx, { id: 'a', unknownAttempts: [], cancelRequested: false, ...parts }, scene.now));
  return scene.entry('a').status;
}

describe('an exported entry', () => {
  const exportIt = (scene: Scene) => scene.run((tx) => holdExported(tx, 'a', scene.now));

  it('is held for good at the source, with a reason that says so', () => {
    const scene = new Scene();
    scene.append('a');
    exportIt(scene);
    const { status } = scene.entry('a');
    expect(status).toMatchObject({ state: 'held', reason: { code: 'EXPORTED', text: expect.stringMatching(sentence) } });
    expect([isExported(status), wasHeld(status), isHeldOfCopy(scene.entry('a'))]).toEqual([true, false, false]);
    scene.run((tx) => release(tx, ['a'], scene.now));
    expect(scene.states('a')).toEqual(['held']);
  });

  it('that was held: that is remembered, whatever the reason, and a second export changes nothing', () => {
    const scene = new Scene();
    scene.append('a');
    scene.run((tx) => hold(tx, ['a']));
    expect([isExported(scene.entry('a').status), wasHeld(scene.entry('a').status)]).toEqual([false, false]);
    exportIt(scene);
    const { status } = scene.entry('a');
    expect(status).toMatchObject({ state: 'held', reason: { code: 'EXPORTED', text: expect.stringMatching(sentence) } });
    exportIt(scene);
    expect(scene.entry('a').status).toBe(status);
    expect([isExported(status), wasHeld(status)]).toEqual([true, true]);
  });

  it('that waited and is exported again: it counts as not held before', () => {
    const scene = new Scene();
    scene.append('a');
    exportIt(scene);
    exportIt(scene);
    expect(wasHeld(scene.entry('a').status)).toBe(false);
  });

  it('that may have been sent takes its attempts with it', () => {
    const { scene, note } = delivering('a');
    exportIt(scene);
    expect(scene.entry('a').status).toMatchObject({ state: 'held', unknownAttempts: [{ tag: note.tag }] });
  });

  it.each(['delivered', 'dead'] as const)('that has ended (%s) stays as it is', (to) => {
    const { scene, note } = delivering('a');
    scene.settle(note, to === 'delivered' ? { to } : { to, sent: 'no', reason });
    const { status } = scene.entry('a');
    exportIt(scene);
    expect(scene.entry('a').status).toBe(status);
  });

  it('that does not exist, or is itself being imported: nothing happens', () => {
    const scene = imported();
    scene.run((tx) => holdExported(tx, 'gone', scene.now));
    exportIt(scene);
    scene.run((tx) => hold(tx, ['a']));
    exportIt(scene);
    expect(scene.entry('a').status.reason).toBeUndefined();
  });
});

describe('an entry being imported', () => {
  const shown = (scene: Scene) => isBeingImported(viewOf(scene.entry('a')));
  const claimable = (scene: Scene, ...more: string[]) =>
    runOf(
      ['a', ...more].map((id) => scene.entry(id)),
      claimRequest({ ignorePickup: true }),
      scene.now,
    );

  it('is claimed by nobody, not even by a flush, alone or behind others', () => {
    const scene = imported();
    expect(claimable(scene)).toBeUndefined();
    scene.append('b');
    const [a, b] = [scene.entry('a'), scene.entry('b')];
    expect(runOf([b, a], claimRequest({ ignorePickup: true }), scene.now)).toMatchObject({ members: [b] });
    expect(claimable(scene, 'b')).toBeUndefined();
  });

  it('is shown as such while it waits or is held, and stays so when released', () => {
    const scene = imported();
    expect(shown(scene)).toBe(true);
    scene.run((tx) => hold(tx, ['a']));
    expect([shown(scene), isParked(scene.entry('a'))]).toEqual([true, true]);
    scene.run((tx) => release(tx, ['a'], scene.now));
    expect([shown(scene), claimable(scene)]).toEqual([true, undefined]);
    scene.run((tx) => cancel(tx, ['a'], scene.now));
    expect([shown(scene), isParked(scene.entry('a'))]).toEqual([false, false]);
  });

  it.each([
    ['a pickup in two minutes', 120_000],
    ['the longest wait below that of an import', parked - 1],
    ['a longer wait', parked + 1],
  ])('is distinguished from an entry with %s', (_, pickupIn) => {
    const scene = new Scene();
    scene.append('a', { pickupIn });
    expect(isParked(scene.entry('a'))).toBe(false);
    expect(claimable(scene)).toMatchObject({ members: [{}] });
    expect(viewOf(scene.entry('a')).pickupAt).toBe(scene.now + pickupIn);
  });

  it.each(['spooled', 'held', 'dead', 'delivered'] as const)(
    'is shown in %s as waiting for its import only if it can be',
    (state) => {
      const entry = { ...viewOf(imported().entry('a')), state: state as SpoolState };
      const waits = state === 'spooled' || state === 'held';
      expect(isBeingImported(entry)).toBe(waits);
      expect(isBeingImported({ ...entry, pickupAt: entry.acceptedAt + parked / 2 })).toBe(false);
      expect(isBeingImported({ ...entry, pickupAt: entry.acceptedAt + parked / 2 + 1 })).toBe(waits);
    },
  );
});

describe('an imported entry regains its state', () => {
  it('waiting: held as in a restored copy, due when released', () => {
    const scene = imported();
    const status = adopted({ state: 'waiting' }, scene);
    expect(status).toMatchObject({ state: 'held', reason: { code: 'SPOOL_RESTORED' }, due: { at: scene.now, within: 0 } });
    expect(isHeldOfCopy(scene.entry('a'))).toBe(true);
    expect(viewOf(scene.entry('a')).pickupAt).toBe(scene.now);
    scene.run((tx) => release(tx, ['a'], scene.now));
    expect(scene.states('a')).toEqual(['spooled']);
  });

  it('waiting, and perhaps sent: probed before it goes on', () => {
    const scene = imported();
    expect(adopted({ state: 'waiting', unknownAttempts: attempts, cancelRequested: true }, scene)).toMatchObject({
      state: 'held',
      unknownAttempts: attempts,
      cancelRequested: true,
    });
    scene.run((tx) => release(tx, ['a'], scene.now));
    expect(scene.states('a')).toEqual(['unconfirmed']);
  });

  it('waiting, to be cancelled, and never sent: cancelled', () => {
    const scene = imported();
    expect(adopted({ state: 'waiting', cancelRequested: true }, scene)).toMatchObject({ state: 'cancelled', endedAt: scene.now });
  });

  it('held, with its reason and unknown attempts; no host has to confirm that its copy is the only one', () => {
    const scene = imported();
    expect(adopted({ state: 'held', unknownAttempts: attempts, reason }, scene)).toMatchObject({
      state: 'held',
      unknownAttempts: attempts,
      reason,
      due: { at: scene.now },
    });
    expect(isHeldOfCopy(scene.entry('a'))).toBe(false);
  });

  it.each(['dead', 'delivered', 'cancelled'] as const)('%s: ended now, by the wall clock', (state) => {
    const scene = imported();
    scene.table.skew = 5_000;
    const known = state === 'dead' ? { unknownAttempts: attempts, reason } : { unknownAttempts: [] };
    expect(adopted({ state, unknownAttempts: attempts, reason }, scene)).toMatchObject({
      state,
      endedAt: scene.now + 5_000,
      ...known,
    });
  });

  it('held by its host meanwhile: stays held, and keeps its unknown attempts', () => {
    const scene = imported();
    scene.run((tx) => hold(tx, ['a']));
    const status = adopted({ state: 'waiting', unknownAttempts: attempts }, scene);
    expect(status).toMatchObject({ state: 'held', unknownAttempts: attempts });
    expect(isHeldOfCopy(scene.entry('a'))).toBe(false);
  });

  it('once: an entry that has gone on, was never imported, or does not exist is left alone', () => {
    const scene = imported();
    const held = adopted({ state: 'held', reason }, scene);
    expect(adopted({ state: 'delivered' }, scene)).toBe(held);
    scene.append('b', newEntry('b'));
    scene.run((tx) => adopt(tx, { id: 'b', state: 'dead', unknownAttempts: [], cancelRequested: false }, scene.now));
    scene.run((tx) => adopt(tx, { id: 'gone', state: 'dead', unknownAttempts: [], cancelRequested: false }, scene.now));
    expect(scene.states('b')).toEqual(['spooled']);
  });
});

it('an entry being probed is exported with its attempt, without its note', () => {
  const { scene, note } = probed('a');
  scene.run((tx) => holdExported(tx, 'a', scene.now));
  expect(scene.entry('a').status).toMatchObject({ state: 'held', unknownAttempts: note.unknownAttempts, attempt: 0 });
  expect(scene.table.note(note.noteId)).toBeUndefined();
});
