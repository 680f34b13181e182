/** The arcs out of a claim (docs/states.md): what a settlement makes of a note and its members. */
import { describe, expect, it } from 'vitest';
import { cancel } from '../../../src/spool/state/host-actions.ts';
import type { EntryStatus } from '../../../src/spool/state/records.ts';
import { refreeze, settle } from '../../../src/spool/state/settle.ts';
import { type Became, delivering, place, probed, reason, Scene } from './scene.ts';

const unknownOutcome = { to: 'unconfirmed', after: 5_000, absent: false, counted: 0, reason } as const;
const again = { to: 'deferred', after: 7_000, failure: true, reason } as const;
/** What every status has besides. */
const base = (parts: Partial<EntryStatus>) => expect.objectContaining(parts);
const cancelled = (scene: Scene, ...ids: string[]) => scene.run((tx) => cancel(tx, ids, scene.now));

describe('delivering → delivered', () => {
  it('is the end of the note: a tombstone of each member is left', () => {
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

  it('whatever was asked for meanwhile, and under the planned class when no other is said', () => {
    const { scene, note } = delivering('a');
    cancelled(scene, 'a');
    scene.settle(note, { to: 'delivered' });
    expect(scene.states('a')).toEqual(['delivered']);
    expect(scene.entry('a').status).not.toHaveProperty('sentClass');
  });

  it('forgets why it was late', () => {
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

  it('counts the failure only where it was its own', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { ...again, failure: false });
    expect(scene.note(note.noteId).failures).toBe(0);
    scene.settle(scene.claim(['a']), again);
    scene.settle(scene.claim(['a']), again);
    expect(scene.note(note.noteId).failures).toBe(2);
  });

  it('→ cancelled for members whose cancel was requested: their attempt is known unsent', () => {
    const { scene, note } = delivering('a', 'b');
    cancelled(scene, 'a');
    scene.settle(note, again);
    expect(scene.states('a', 'b')).toEqual(['cancelled', 'deferred']);
    expect(scene.entry('a').status).toMatchObject({ endedAt: scene.now });
    expect(scene.entry('a').status).not.toHaveProperty('reason');
    expect(scene.note(note.noteId).entryIds).toEqual(['b']);
  });

  it('leaves no note when nobody stays', () => {
    const { scene, note } = delivering('a');
    cancelled(scene, 'a');
    scene.settle(note, again);
    expect([scene.table.note(note.noteId), ...scene.states('a')]).toEqual([undefined, 'cancelled']);
  });

  it("→ dead for those, when it is sent again though it may have been sent (onUnconfirmed: 'resend')", () => {
    const { scene, note, attempt } = probed('a', 'b');
    cancelled(scene, 'a');
    scene.settle(note, { ...again, sent: 'unknown' });
    expect(scene.states('a', 'b')).toEqual(['dead', 'deferred']);
    expect(scene.entry('a').status).toMatchObject({ reason, endedAt: scene.now, unknownAttempts: [{ tag: attempt.tag, place }] });
  });
});

describe('delivering → unconfirmed', () => {
  it('is looked for from now on: its attempt is kept with its place', () => {
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

  it('starts all counts of probes anew, and keeps the attempts before', () => {
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
  it('counts the probe, the absences in a row, and the time', () => {
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

  it('found: a tombstone is left', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'delivered' });
    expect([scene.table.note(note.noteId), ...scene.states('a')]).toEqual([undefined, 'delivered']);
  });

  it('given up: no further attempt is remembered than those that were looked for', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'dead', sent: 'unknown', reason });
    expect(scene.entry('a').status.unknownAttempts.map(({ tag }) => tag)).toEqual([note.tag]);
  });
});

describe('delivering → dead', () => {
  it('with its reason, as the end of the note', () => {
    const { scene, note } = delivering('a', 'b');
    scene.settle(note, { to: 'dead', sent: 'no', reason });
    expect(scene.table.note(note.noteId)).toBeUndefined();
    const status = { state: 'dead', reason, endedAt: scene.now, noteId: note.noteId, unknownAttempts: [] } as const;
    expect([scene.entry('a').status, scene.entry('b').status]).toEqual([base(status), base(status)]);
  });

  it('remembers the running attempt where it may have been sent', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { to: 'dead', sent: 'unknown', reason });
    expect(scene.entry('a').status.unknownAttempts).toEqual([{ tag: note.tag, place }]);
  });

  it('→ cancelled where a cancel was requested and it is known unsent: the reason stays', () => {
    const { scene, note } = delivering('a', 'b');
    cancelled(scene, 'a');
    scene.settle(note, { to: 'dead', sent: 'no', reason });
    expect(scene.states('a', 'b')).toEqual(['cancelled', 'dead']);
    expect(scene.entry('a').status).toMatchObject({ reason, endedAt: scene.now });
  });

  it('→ dead all the same where it may have been sent', () => {
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

  it('held: as if it had never been tried by this run', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { to: 'held' });
    for (const part of ['noteId', 'triedBy']) expect(scene.entry('a').status).not.toHaveProperty(part);
    expect(scene.entry('a').status.attempt).toBe(0);
  });

  it('held: who had tried it before stays known', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, again);
    scene.settle(scene.claim(['a'], { owner: 'run-2' }), { to: 'held' });
    expect(scene.entry('a').status.triedBy).toBe('run-1');
  });

  it('held → cancelled where a cancel was requested', () => {
    const { scene, note } = delivering('a', 'b');
    cancelled(scene, 'a');
    scene.settle(note, { to: 'held' });
    expect(scene.states('a', 'b')).toEqual(['cancelled', 'held']);
    expect(scene.entry('a').status.endedAt).toBe(scene.now);
  });
});

describe('delivering → spooled singles', () => {
  it('due at once, in the same order, never to merge again', () => {
    const { scene, note } = delivering('a', 'b');
    const orders = ['a', 'b'].map((id) => scene.entry(id).status.order);
    scene.settle(note, { to: 'split', reason });
    expect([scene.table.note(note.noteId), ...scene.states('a', 'b')]).toEqual([undefined, 'spooled', 'spooled']);
    expect(scene.entry('a').status).toMatchObject({ single: true, due: { at: scene.now, within: 0 }, reason, attempt: 0 });
    expect(scene.entry('a').status).not.toHaveProperty('noteId');
    expect(['a', 'b'].map((id) => scene.entry(id).status.order)).toEqual(orders);
  });

  it('but for those whose cancel was requested', () => {
    const { scene, note } = delivering('a', 'b');
    cancelled(scene, 'b');
    scene.settle(note, { to: 'split', reason });
    expect(scene.states('a', 'b')).toEqual(['spooled', 'cancelled']);
    expect(scene.entry('b').status.endedAt).toBe(scene.now);
  });
});

describe('given back: as before the claim', () => {
  it('a new note is dissolved; nobody has seen it', () => {
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

  it('a deferred note is as it was, no attempt consumed', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, again);
    const [before, entry] = [scene.note(note.noteId), scene.entry('a').status];
    scene.settle(scene.claim(['a'], { owner: 'run-2' }), { to: 'unclaim' });
    expect(scene.note(note.noteId)).toEqual(before);
    expect(scene.entry('a').status).toEqual({ ...entry, rev: expect.any(Number) });
  });

  it('a note that was looked for still is, and its members are untouched', () => {
    const { scene, note } = probed('a');
    const entry = scene.entry('a').status;
    scene.settle(note, { to: 'unclaim' });
    expect(scene.note(note.noteId)).toMatchObject({ state: 'unconfirmed', probes: 0, attempt: 1 });
    expect(scene.note(note.noteId)).not.toHaveProperty('lease');
    expect(scene.entry('a').status).toBe(entry);
  });

  it('is not due again before the time that it names', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, { to: 'unclaim', after: 900 });
    expect(scene.entry('a').status.due).toEqual({ at: scene.now + 900, within: 900 });
    const other = probed('a');
    other.scene.settle(other.note, { to: 'unclaim', after: 900 });
    expect(other.scene.note(other.note.noteId).due).toEqual({ at: other.scene.now + 900, within: 900 });
  });

  it('→ cancelled where a cancel was requested of what was not sent; what may have been is still looked for', () => {
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

  it('leaves a deferred note with those who stay, and none when nobody does', () => {
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

describe('a claim that was lost', () => {
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
  ] as const)('still says that it was delivered, though its entries are %s by now', (_state, became) => {
    const { scene, note } = delivering('a', 'b');
    scene.settle(note, became);
    scene.now += 5;
    expect(scene.settle(note, { to: 'delivered', messageClass: 'IPM.Note' })).toBe(false);
    expect(scene.states('a', 'b')).toEqual(['delivered', 'delivered']);
    expect(scene.entry('a').status).toMatchObject({ endedAt: scene.now, sentClass: 'IPM.Note' });
    expect(scene.table.note(note.noteId)).toBeUndefined();
  });

  it.each(outcomes)('says nothing of what may have been sent by it: $to', (became) => {
    const { scene, note } = delivering('a');
    scene.settle(note, unknownOutcome);
    scene.settle(note, became);
    expect(scene.states('a')).toEqual(['unconfirmed']);
  });

  it('speaks only of those who were on that attempt', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, unknownOutcome);
    scene.append('b');
    scene.claim(['b']);
    scene.settle(note, { to: 'delivered' });
    expect(scene.states('a', 'b')).toEqual(['delivered', 'delivering']);
  });

  it('takes back neither a purge nor an earlier end', () => {
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

  it('of a probe speaks of all whom it looked for', () => {
    const { scene, note } = probed('a', 'b');
    scene.run((tx) =>
      tx.putNote({ ...scene.note(note.noteId), lease: { ...(scene.note(note.noteId).lease as never), token: 'x' } }),
    );
    scene.run((tx) => tx.move(scene.entry('a'), 'unconfirmed', { unknownAttempts: [] }));
    expect(scene.settle(note, { to: 'delivered' })).toBe(false);
    expect(scene.states('a', 'b')).toEqual(['delivered', 'delivered']);
  });

  it('of a probe for one entry alone speaks of that entry, wherever it is now', () => {
    const { scene, attempt, note } = probed('a');
    scene.settle(note, { to: 'dead', sent: 'unknown', reason });
    expect(scene.settle({ token: 'a-17:0:probe:17' }, { to: 'delivered' })).toBe(false);
    expect(scene.states('a')).toEqual(['delivered']);
    expect(attempt.attempt).toBe(1);
  });

  it('of a probe for one that nothing is known to have been sent of, says nothing', () => {
    const scene = new Scene();
    scene.append('a');
    scene.settle({ token: 'a-17:0:probe:17' }, { to: 'delivered' });
    scene.settle({ token: 'a-17:0:deliver:17' }, { to: 'delivered' });
    expect(scene.states('a')).toEqual(['spooled']);
  });

  it('takes an entry out of the note that it is in now', () => {
    const { scene, note } = delivering('a', 'b');
    scene.settle(note, unknownOutcome);
    scene.run((tx) => settle(tx, { entriesWithTag: () => ['a', 'gone'] }, { token: note.token, to: 'delivered' }, scene.now));
    expect(scene.states('a', 'b')).toEqual(['delivered', 'unconfirmed']);
    expect(scene.note(note.noteId).entryIds).toEqual(['b']);
  });
});

describe('what was frozen', () => {
  const frozen = { messageClass: 'IPM.Note', subject: 's', wording: 3, place };

  it('is replaced while the claim holds, as a spool can store it', () => {
    const { scene, note } = delivering('a');
    expect(scene.run((tx) => refreeze(tx, { token: note.token, frozen }))).toBe(true);
    expect(scene.note(note.noteId)).toMatchObject({ frozen, state: 'delivering', lease: { token: note.token } });
    scene.run((tx) => refreeze(tx, { token: note.token, frozen: { ...frozen, messageClass: '' } }));
    expect(scene.note(note.noteId).frozen?.messageClass).toBe('IPM.Note');
  });

  it('is not once the claim is lost', () => {
    const { scene, note } = delivering('a');
    scene.settle(note, again);
    expect(scene.run((tx) => refreeze(tx, { token: note.token, frozen }))).toBe(false);
    expect(scene.run((tx) => refreeze(tx, { token: 'unheard-of:1:deliver:1', frozen }))).toBe(false);
    expect(scene.note(note.noteId).frozen).toEqual(note.frozen);
  });
});

it('a settlement from a host is made storable first', () => {
  const { scene, note } = delivering('a');
  const odd = { token: note.token, to: 'deferred', after: Number.NaN, failure: true, reason: { code: 'x y', text: 7 } };
  scene.run((tx) => settle(tx, scene.table, odd as never, scene.now));
  expect(scene.entry('a').status.reason).toEqual({ code: 'TRANSPORT_FAILED', text: '7', serverCode: 'x y' });
  expect(scene.note(note.noteId).due).toEqual({ at: scene.now, within: 0 });
});
