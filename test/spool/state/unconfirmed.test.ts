import { describe, expect, it } from 'vitest';
import { expireLeases, probeAlone, runningAttempt } from '../../../src/spool/state/unconfirmed.ts';
import { delivering, place, probed, Scene, sentence } from './scene.ts';

describe('an expired lease', () => {
  it('delivering → unconfirmed: probed at once, quiet from then on', () => {
    const { scene, note } = delivering('a');
    const { until } = scene.note(note.noteId).lease ?? { until: 0 };
    scene.now = until - 1;
    scene.run((tx) => expireLeases(tx, [note.noteId, 'gone'], scene.now));
    expect(scene.states('a')).toEqual(['delivering']);
    scene.now = until;
    scene.run((tx) => expireLeases(tx, [note.noteId], until));
    expect(scene.note(note.noteId)).toMatchObject({ state: 'unconfirmed', lastRanAt: until, due: { at: until, within: 0 } });
    expect(scene.entry('a').status).toMatchObject({
      unknownAttempts: [{ tag: note.tag, place }],
      reason: { code: 'OUTCOME_UNKNOWN', text: expect.stringMatching(sentence) },
    });
  });

  it('long ago, by the clock: the grace period begins when that is detected', () => {
    const { scene, note } = delivering('a');
    scene.now += 86_400_000;
    scene.run((tx) => expireLeases(tx, [note.noteId], scene.now));
    expect(scene.note(note.noteId)).toMatchObject({ state: 'unconfirmed', lastRanAt: scene.now });
  });

  it('unconfirmed: the probe is due again', () => {
    const { scene, note } = probed('a');
    const { lease: _lease, ...before } = scene.note(note.noteId);
    scene.now += 500_000;
    scene.run((tx) => expireLeases(tx, [note.noteId], scene.now));
    expect(scene.note(note.noteId)).toEqual({ ...before, due: { at: scene.now, within: 0 } });
    expect(scene.note(note.noteId)).not.toHaveProperty('lease');
    expect(scene.entry('a').status.unknownAttempts).toHaveLength(1);
  });

  it('does not exist for a note without one', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'unclaim' });
    const before = scene.note(note.noteId);
    scene.run((tx) => expireLeases(tx, [note.noteId], 9e12));
    expect(scene.note(note.noteId)).toBe(before);
  });

  it('adds no attempt that is already known', () => {
    const { scene, note } = delivering('a');
    scene.run((tx) => tx.move(scene.entry('a'), 'delivering', { unknownAttempts: [{ tag: note.tag, place }] }));
    scene.run((tx) => expireLeases(tx, [note.noteId], 9e12));
    expect(scene.entry('a').status.unknownAttempts).toEqual([{ tag: note.tag, place }]);
  });
});

describe('the running attempt of a note', () => {
  it('has its frozen place, and how it ended unless that was silence', () => {
    const { scene, note } = delivering('a');
    const record = scene.note(note.noteId);
    expect(runningAttempt(record)).toEqual({ tag: note.tag, place });
    expect(runningAttempt(record, 'silence')).toEqual({ tag: note.tag, place });
    expect(runningAttempt(record, 'fault')).toEqual({ tag: note.tag, place, ended: 'fault' });
    const { frozen: _frozen, ...never } = record;
    expect(runningAttempt(never)).toBeUndefined();
  });

  it('of a note that was never frozen does not exist, and none is added', () => {
    const { scene, note } = delivering('a');
    const { frozen: _frozen, ...never } = scene.note(note.noteId);
    scene.run((tx) => tx.putNote(never));
    scene.run((tx) => expireLeases(tx, [note.noteId], 9e12));
    expect(scene.entry('a').status).toMatchObject({ state: 'unconfirmed', unknownAttempts: [] });
  });
});

it('an entry probed alone has its own note, due at once, with all counts at zero', () => {
  const scene = new Scene();
  scene.append('a');
  scene.now += 7;
  scene.run((tx) => probeAlone(tx, scene.entry('a'), { order: 44 }, scene.now));
  const { status } = scene.entry('a');
  expect(status).toMatchObject({ state: 'unconfirmed', order: 44, noteId: `a-${status.rev}`, attempt: 0 });
  expect(scene.note(`a-${status.rev}`)).toEqual({
    id: `a-${status.rev}`,
    lane: 'alice@contoso.com',
    entryIds: ['a'],
    attempt: 0,
    state: 'unconfirmed',
    due: { at: scene.now, within: 0 },
    failures: 0,
    probes: 0,
    absences: 0,
    lastRanAt: scene.now,
    unconfirmedFor: 0,
  });
});
