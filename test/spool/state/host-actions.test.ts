/** What a host may do with entries: from each state, by docs/states.md. */
import { describe, expect, it } from 'vitest';
import type { SpoolState } from '../../../src/spool/contract.ts';
import { cancel, hold, purge, release, requeue } from '../../../src/spool/state/host-actions.ts';
import type { EntryStatus } from '../../../src/spool/state/records.ts';
import { delivering, place, probed, reason, Scene } from './scene.ts';

const spooled = () => {
  const scene = new Scene();
  scene.append('a');
  return scene;
};
const deferred = (...ids: string[]) => {
  const { scene, note } = delivering('a', ...ids);
  scene.settle(note, { to: 'deferred', after: 1_000, failure: true, reason });
  return { scene, noteId: note.noteId };
};
/** Tried, possibly sent, and ended in this way. */
const deadUnknown = () => {
  const { scene, note } = probed('a');
  scene.settle(note, { to: 'dead', sent: 'unknown', reason });
  return { scene, tag: note.tag };
};
/** An entry in that state, by any route. */
const put = (state: SpoolState, patch: Partial<EntryStatus> = {}) => {
  const scene = spooled();
  scene.run((tx) => tx.move(scene.entry('a'), state, patch));
  return scene;
};
const rest = (...without: SpoolState[]): SpoolState[] =>
  (['spooled', 'deferred', 'delivering', 'unconfirmed', 'held', 'delivered', 'dead', 'cancelled'] as const).filter(
    (state) => !without.includes(state),
  );

describe('hold()', () => {
  it('spooled → held', () => {
    const scene = spooled();
    scene.run((tx) => hold(tx, ['a', 'unheard of']));
    expect(scene.changes).toEqual([{ entryId: 'a', messageId: 'm-a', from: 'spooled', to: 'held' }]);
    expect(scene.states('a')).toEqual(['held']);
  });

  it('deferred → held: it leaves its note, whose attempts no longer belong to it', () => {
    const { scene, noteId } = deferred('b');
    scene.run((tx) => hold(tx, ['a']));
    expect(scene.note(noteId).entryIds).toEqual(['b']);
    expect(scene.entry('a').status).toMatchObject({ state: 'held', attempt: 0 });
    expect(scene.entry('a').status).not.toHaveProperty('noteId');
    scene.run((tx) => hold(tx, ['b']));
    expect(scene.table.note(noteId)).toBeUndefined();
  });

  it.each(rest('spooled', 'deferred'))('leaves alone what is %s', (state) => {
    const scene = put(state);
    const before = scene.entry('a');
    scene.run((tx) => hold(tx, ['a']));
    expect(scene.entry('a')).toBe(before);
  });
});

describe('release()', () => {
  it('held → spooled, due at once, at the end of the order', () => {
    const scene = put('held');
    scene.append('b');
    scene.now += 5;
    scene.run((tx) => release(tx, ['a', 'unheard of'], scene.now));
    expect(scene.entry('a').status).toMatchObject({ state: 'spooled', due: { at: scene.now, within: 0 } });
    expect(scene.entry('a').status.order).toBeGreaterThan(scene.entry('b').status.order);
  });

  it('held → unconfirmed if it may have been sent: probed alone, at the end of the order', () => {
    const scene = put('held', { unknownAttempts: [{ tag: 'n:1', place }] });
    scene.append('b');
    scene.run((tx) => release(tx, ['a'], scene.now));
    const { status } = scene.entry('a');
    expect(status).toMatchObject({ state: 'unconfirmed', attempt: 0, noteId: `a-${status.rev}` });
    expect(status.order).toBeGreaterThan(scene.entry('b').status.order);
    expect(scene.note(`a-${status.rev}`).entryIds).toEqual(['a']);
  });

  it.each(rest('held'))('leaves alone what is %s', (state) => {
    const scene = put(state);
    const before = scene.entry('a');
    scene.run((tx) => release(tx, ['a'], scene.now));
    expect(scene.entry('a')).toBe(before);
  });
});

describe('cancel()', () => {
  it.each(['spooled', 'held', 'dead'] as const)('%s → cancelled, at once', (state) => {
    const scene = put(state, { reason, ...(state === 'dead' ? { endedAt: 1 } : {}) });
    scene.run((tx) => cancel(tx, ['a', 'unheard of'], scene.now));
    expect(scene.entry('a').status).toMatchObject({ state: 'cancelled', endedAt: scene.now });
    expect(scene.entry('a').status).not.toHaveProperty('reason');
    expect(scene.changes).toMatchObject([{ from: state, to: 'cancelled' }]);
  });

  it('deferred → cancelled: it leaves its note', () => {
    const { scene, noteId } = deferred('b');
    scene.run((tx) => cancel(tx, ['a'], scene.now));
    expect(scene.states('a', 'b')).toEqual(['cancelled', 'deferred']);
    expect(scene.note(noteId).entryIds).toEqual(['b']);
  });

  it.each(['delivering', 'unconfirmed'] as const)('%s: requested, and reported as such', (state) => {
    const { scene, note } = state === 'delivering' ? delivering('a') : probed('a');
    scene.run((tx) => cancel(tx, ['a'], scene.now));
    expect(scene.entry('a').status).toMatchObject({ state, cancelRequested: true, noteId: note.noteId });
    expect(scene.entry('a').status).not.toHaveProperty('endedAt');
    expect(scene.changes).toMatchObject([{ entryId: 'a', from: state, to: state }]);
    expect(scene.note(note.noteId).entryIds).toEqual(['a']);
  });

  it.each([
    ['delivered', {}],
    ['cancelled', {}],
    ['dead', { purged: true }],
  ] as const)('leaves alone what is %s %j', (state, patch) => {
    const scene = put(state, patch);
    const before = scene.entry('a');
    scene.run((tx) => cancel(tx, ['a'], scene.now));
    expect([scene.entry('a'), scene.changes]).toEqual([before, []]);
  });
});

describe('requeue()', () => {
  it('dead → spooled, at the end of the order, like a new entry', () => {
    const { scene, note } = delivering('a');
    scene.run((tx) => cancel(tx, ['a'], scene.now));
    scene.settle(note, { to: 'dead', sent: 'unknown', reason });
    scene.run((tx) => tx.move(scene.entry('a'), 'dead', { unknownAttempts: [] }));
    scene.append('b');
    scene.now += 777;
    scene.run((tx) => requeue(tx, ['a', 'unheard of'], scene.now, false));
    const { status } = scene.entry('a');
    expect(status).toEqual({
      state: 'spooled',
      rev: expect.any(Number),
      order: expect.any(Number),
      due: { at: scene.now, within: 0 },
      expiresAt: scene.now + 432_000_000,
      single: false,
      unknownAttempts: [],
      cancelRequested: false,
      attempt: 0,
    });
    expect(status.order).toBeGreaterThan(scene.entry('b').status.order);
  });

  it('dead → unconfirmed if it may have been sent', () => {
    const { scene, tag } = deadUnknown();
    scene.now += 777;
    scene.run((tx) => requeue(tx, ['a'], scene.now, false));
    const { status } = scene.entry('a');
    expect(status).toMatchObject({
      state: 'unconfirmed',
      noteId: `a-${status.rev}`,
      attempt: 0,
      expiresAt: scene.now + 432_000_000,
      unknownAttempts: [{ tag, place }],
    });
    for (const part of ['reason', 'endedAt', 'triedBy']) expect(status).not.toHaveProperty(part);
  });

  it('dead → spooled by force, even if it may have been sent; the attempt is remembered', () => {
    const { scene, tag } = deadUnknown();
    scene.run((tx) => requeue(tx, ['a'], scene.now, true));
    expect(scene.entry('a').status).toMatchObject({ state: 'spooled', unknownAttempts: [{ tag }] });
  });

  it.each(rest('dead'))('leaves alone what is %s', (state) => {
    const scene = put(state);
    const before = scene.entry('a');
    scene.run((tx) => requeue(tx, ['a'], scene.now, false));
    expect(scene.entry('a')).toBe(before);
  });

  it('leaves alone purged entries', () => {
    const scene = put('dead', { purged: true });
    scene.run((tx) => requeue(tx, ['a'], scene.now, true));
    expect(scene.states('a')).toEqual(['dead']);
  });
});

describe('purge()', () => {
  it.each(['delivered', 'dead', 'cancelled'] as const)('%s: gone, except for its tombstone; once', (state) => {
    const scene = put(state, { endedAt: 1 });
    scene.run((tx) => purge(tx, ['a', 'unheard of']));
    expect(scene.entry('a').status).toMatchObject({ state, purged: true, endedAt: 1 });
    expect(scene.changes).toEqual([{ entryId: 'a', messageId: 'm-a', from: state, to: 'purged' }]);
    scene.run((tx) => purge(tx, ['a']));
    expect(scene.changes).toEqual([]);
  });

  it.each(rest('delivered', 'dead', 'cancelled'))('leaves alone what is %s', (state) => {
    const scene = put(state);
    scene.run((tx) => purge(tx, ['a']));
    expect(scene.entry('a').status).not.toHaveProperty('purged');
    expect(scene.changes).toEqual([]);
  });
});
