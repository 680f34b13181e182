/** The arcs out of a claim (docs/states.md): the effect of a settlement on a note and its members. */
import { describe, expect, it } from 'vitest';
import { cancel } from '../../../src/spool/state/host-actions.ts';
import type { EntryStatus } from '../../../src/spool/state/records.ts';
import { settle } from '../../../src/spool/state/settle.ts';
import { delivering, place, probed, reason, type Scene } from './scene.ts';

const unknownOutcome = { to: 'unconfirmed', after: 5_000, absent: false, counted: 0, reason } as const;
const again = { to: 'deferred', after: 7_000, failure: true, reason } as const;
/** The other parts of every status. */
const base = (parts: Partial<EntryStatus>) => expect.objectContaining(parts);
const cancelled = (scene: Scene, ...ids: string[]) => scene.run((tx) => cancel(tx, ids, scene.now));

describe('delivering → delivered', () => {
  it('ends the note: each member leaves a tombstone', () => {
    const { scene, note } = delivering('a', 'b');
    scene.now += 3;
    expect(scene.settle(note, { to: 'delivered', messageClass: 'IPM.Note' })).toBe(true);
    expect(scene.table.note(note.noteId)).toBeUndefined();
    const status = { state: 'delivered', endedAt: scene.now, sentClass: 'IPM.Note', noteId: note.noteId, attempt: 1 } as const;
    expect([scene.entry('a').status, scene.entry('b').status]).toEqual([base(status), base(status)]);
    expect(scene.changes).toEqual(
      ['a', 'b'].map((entryId) => ({
        entryId,
        messageId: `m-${entryId}`,
        from: 'delivering',
        to: 'delivered',
        noteId: note.noteId,
      })),
    );
  });

  it('whatever was requested meanwhile, and with the planned class unless another is reported', () => {
    const { scene, note } = delivering('a');
    cancelled(scene, 'a');
    scene.settle(note, { to: 'delivered' });
    expect(scene.states('a')).toEqual(['delivered']);
    expect(scene.entry('a').status).not.toHaveProperty('sentClass');
  });

  it('forgets the reason of the delay', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, again);
    expect(scene.entry('a').status.reason).toEqual(reason);
    scene.settle(scene.claim(['a']), { to: 'delivered' });
    expect(scene.entry('a').status).not.toHaveProperty('reason');
  });
});

describe('delivering → deferred', () => {
  it('waits for its back-off as the same note', () => {
    const { scene, note } = delivering('a', 'b');
    expect(scene.settle(note, again)).toBe(true);
    const kept = scene.note(note.noteId);
    expect(kept).toMatchObject({
      state: 'deferred',
      entryIds: ['a', 'b'],
      due: { at: scene.now + 7_000, within: 7_000 },
      failures: 1,
      attempt: 1,
      frozen: note.frozen,
    });
    expect(kept).not.toHaveProperty('lease');
    expect(scene.entry('a').status).toMatchObject({
      state: 'deferred',
      reason,
      noteId: note.noteId,
      attempt: 1,
      unknownAttempts: [],
    });
    expect(scene.changes).toMatchObject([
      { entryId: 'a', from: 'delivering', to: 'deferred', reason },
      { entryId: 'b', from: 'delivering', to: 'deferred', reason },
    ]);
  });

  it('counts only failures of the note itself', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { ...again, failure: false });
    expect(scene.note(note.noteId).failures).toBe(0);
    scene.settle(scene.claim(['a']), again);
    scene.settle(scene.claim(['a']), again);
    expect(scene.note(note.noteId).failures).toBe(2);
  });

  it('→ cancelled for members with a requested cancel: their attempt is known unsent', () => {
    const { scene, note } = delivering('a', 'b');
    cancelled(scene, 'a');
    scene.settle(note, again);
    expect(scene.states('a', 'b')).toEqual(['cancelled', 'deferred']);
    expect(scene.entry('a').status).toMatchObject({ endedAt: scene.now });
    expect(scene.entry('a').status).not.toHaveProperty('reason');
    expect(scene.note(note.noteId).entryIds).toEqual(['b']);
  });

  it('leaves no note if no member stays', () => {
    const { scene, note } = delivering('a');
    cancelled(scene, 'a');
    scene.settle(note, again);
    expect([scene.table.note(note.noteId), ...scene.states('a')]).toEqual([undefined, 'cancelled']);
  });

  it("→ dead for members with a requested cancel, if the note is resent although it may have been sent (onUnconfirmed: 'resend')", () => {
    const { scene, note, attempt } = probed('a', 'b');
    cancelled(scene, 'a');
    scene.settle(note, { ...again, sent: 'unknown' });
    expect(scene.states('a', 'b')).toEqual(['dead', 'deferred']);
    expect(scene.entry('a').status).toMatchObject({ reason, endedAt: scene.now, unknownAttempts: [{ tag: attempt.tag, place }] });
  });
});

describe('delivering → unconfirmed', () => {
  it('is probed from now on: its attempt is kept with its place', () => {
    const { scene, note } = delivering('a', 'b');
    scene.now += 9;
    expect(scene.settle(note, unknownOutcome)).toBe(true);
    const kept = scene.note(note.noteId);
    expect(kept).toMatchObject({
      state: 'unconfirmed',
      due: { at: scene.now + 5_000, within: 5_000 },
      probes: 0,
      absences: 0,
      unconfirmedFor: 0,
      lastRanAt: scene.now,
      attempt: 1,
    });
    expect(kept).not.toHaveProperty('lease');
    const status = { state: 'unconfirmed', reason, unknownAttempts: [{ tag: note.tag, place }] } as const;
    expect([scene.entry('a').status, scene.entry('b').status]).toEqual([base(status), base(status)]);
  });

  it.each([
    ['fault', { ended: 'fault' }],
    ['silence', {}],
  ] as const)('remembers how the attempt ended: %s', (ended, kept) => {
    const { scene, note } = delivering('a');
    scene.settle(note, { ...unknownOutcome, ended });
    expect(scene.entry('a').status.unknownAttempts).toEqual([{ tag: note.tag, place, ...kept }]);
  });

  it('resets all counts of probes, and keeps earlier attempts', () => {
    const { scene, note, attempt } = probed('a');
    scene.settle(note, { ...unknownOutcome, absent: true, counted: 700 });
    scene.settle(scene.claim(['a'], { kind: 'probe' }), { ...again, failure: false });
    const second = scene.claim(['a']);
    scene.settle(second, { ...unknownOutcome, counted: 50 });
    expect(scene.note(note.noteId)).toMatchObject({ probes: 0, absences: 0, unconfirmedFor: 0 });
    expect(scene.entry('a').status.unknownAttempts.map(({ tag }) => tag)).toEqual([attempt.tag, second.tag]);
  });
});

describe('unconfirmed → unconfirmed', () => {
  it('counts the probe, consecutive absences, and the time', () => {
    const { scene, note } = probed('a', 'b');
    const ran = scene.note(note.noteId).lastRanAt;
    expect(scene.settle(note, { ...unknownOutcome, absent: true, counted: 700 })).toBe(true);
    expect(scene.note(note.noteId)).toMatchObject({
      state: 'unconfirmed',
      due: { at: scene.now + 5_000, within: 5_000 },
      probes: 1,
      absences: 1,
      unconfirmedFor: 700,
      lastRanAt: ran,
    });
    expect(scene.note(note.noteId)).not.toHaveProperty('lease');
    expect(scene.changes).toEqual([]);
    const step = (absent: boolean) => {
      scene.settle(scene.claim(['a', 'b'], { kind: 'probe' }), { ...unknownOutcome, absent, counted: 300 });
      const { probes, absences, unconfirmedFor } = scene.note(note.noteId);
      return { probes, absences, unconfirmedFor };
    };
    expect(step(true)).toEqual({ probes: 2, absences: 2, unconfirmedFor: 1_000 });
    expect(step(false)).toEqual({ probes: 3, absences: 0, unconfirmedFor: 1_300 });
  });

  it('has the newest reason, and no further attempt', () => {
    const { scene, note } = probed('a');
    const newer = { code: 'OUTCOME_UNKNOWN', text: 'Not found yet.' } as const;
    scene.settle(note, { ...unknownOutcome, reason: newer });
    expect(scene.entry('a').status).toMatchObject({ reason: newer, unknownAttempts: [{ tag: note.tag }] });
    expect(scene.entry('a').status.unknownAttempts).toHaveLength(1);
  });
});

describe('unconfirmed → deferred, dead, delivered', () => {
  it('absent twice: the same note, with its unknown attempts', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { ...again, after: 0, failure: false });
    expect(scene.note(note.noteId)).toMatchObject({ state: 'deferred', attempt: 1, due: { at: scene.now, within: 0 } });
    expect(scene.entry('a').status).toMatchObject({ state: 'deferred', unknownAttempts: [{ tag: note.tag }] });
  });

  it('found: leaves a tombstone', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'delivered' });
    expect([scene.table.note(note.noteId), ...scene.states('a')]).toEqual([undefined, 'delivered']);
  });

  it('given up: only the probed attempts are remembered', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'dead', sent: 'unknown', reason });
    expect(scene.entry('a').status.unknownAttempts.map(({ tag }) => tag)).toEqual([note.tag]);
  });
});

describe('delivering → dead', () => {
  it('with its reason, which ends the note', () => {
    const { scene, note } = delivering('a', 'b');
    scene.settle(note, { to: 'dead', sent: 'no', reason });
    expect(scene.table.note(note.noteId)).toBeUndefined();
    const status = { state: 'dead', reason, endedAt: scene.now, noteId: note.noteId, unknownAttempts: [] } as const;
    expect([scene.entry('a').status, scene.entry('b').status]).toEqual([base(status), base(status)]);
  });

  it('remembers the running attempt if it may have been sent', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { to: 'dead', sent: 'unknown', reason });
    expect(scene.entry('a').status.unknownAttempts).toEqual([{ tag: note.tag, place }]);
  });

  it('→ cancelled if a cancel was requested and it is known unsent: the reason stays', () => {
    const { scene, note } = delivering('a', 'b');
    cancelled(scene, 'a');
    scene.settle(note, { to: 'dead', sent: 'no', reason });
    expect(scene.states('a', 'b')).toEqual(['cancelled', 'dead']);
    expect(scene.entry('a').status).toMatchObject({ reason, endedAt: scene.now });
  });

  it('→ dead all the same if it may have been sent', () => {
    const { scene, note } = probed('a');
    cancelled(scene, 'a');
    scene.settle(note, { to: 'dead', sent: 'unknown', reason });
    expect(scene.states('a')).toEqual(['dead']);
  });
});

describe('delivering → held, cancelled (by the hook)', () => {
  it.each(['held', 'cancelled'] as const)('%s: the note is dissolved', (to) => {
    const { scene, note } = delivering('a', 'b');
    expect(scene.settle(note, { to })).toBe(true);
    expect([scene.table.note(note.noteId), ...scene.states('a', 'b')]).toEqual([undefined, to, to]);
    expect(scene.entry('a').status.endedAt).toBe(to === 'held' ? undefined : scene.now);
  });

  it('held: as if this run had never tried it', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { to: 'held' });
    for (const part of ['noteId', 'triedBy']) expect(scene.entry('a').status).not.toHaveProperty(part);
    expect(scene.entry('a').status.attempt).toBe(0);
  });

  it('held: who tried it before is remembered', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, again);
    scene.settle(scene.claim(['a'], { owner: 'run-2' }), { to: 'held' });
    expect(scene.entry('a').status.triedBy).toBe('run-1');
  });

  it('held → cancelled if a cancel was requested', () => {
    const { scene, note } = delivering('a', 'b');
    cancelled(scene, 'a');
    scene.settle(note, { to: 'held' });
    expect(scene.states('a', 'b')).toEqual(['cancelled', 'held']);
    expect(scene.entry('a').status.endedAt).toBe(scene.now);
  });
});

describe('delivering → spooled single entries', () => {
  it('due at once, in the same order, never to merge again', () => {
    const { scene, note } = delivering('a', 'b');
    const orders = ['a', 'b'].map((id) => scene.entry(id).status.order);
    scene.settle(note, { to: 'split', reason });
    expect([scene.table.note(note.noteId), ...scene.states('a', 'b')]).toEqual([undefined, 'spooled', 'spooled']);
    expect(scene.entry('a').status).toMatchObject({ single: true, due: { at: scene.now, within: 0 }, reason, attempt: 0 });
    expect(scene.entry('a').status).not.toHaveProperty('noteId');
    expect(['a', 'b'].map((id) => scene.entry(id).status.order)).toEqual(orders);
  });

  it('except for those with a requested cancel', () => {
    const { scene, note } = delivering('a', 'b');
    cancelled(scene, 'b');
    scene.settle(note, { to: 'split', reason });
    expect(scene.states('a', 'b')).toEqual(['spooled', 'cancelled']);
    expect(scene.entry('b').status.endedAt).toBe(scene.now);
  });
});

it('a settlement from a host is first made storable', () => {
  const { scene, note } = delivering('a');
  const odd = { token: note.token, to: 'deferred', after: Number.NaN, failure: true, reason: { code: 'x y', text: 7 } };
  scene.run((tx) => settle(tx, scene.table, odd as never, scene.now));
  expect(scene.entry('a').status.reason).toEqual({ code: 'TRANSPORT_FAILED', text: '7', serverCode: 'x y' });
  expect(scene.note(note.noteId).due).toEqual({ at: scene.now, within: 0 });
});
