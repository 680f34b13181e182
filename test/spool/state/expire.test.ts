import { describe, expect, it } from 'vitest';
import type { ExpireRequest } from '../../../src/spool/contract.ts';
import { closedLanes, expireEntry } from '../../../src/spool/state/expire.ts';
import { delivering, probed, reason, Scene, sentence } from './scene.ts';

const expired = { code: 'EXPIRED', text: 'Its expiry passed.' } as const;
const lane = 'alice@contoso.com';
const day = 86_400_000;

/** Expires one entry, as the run that has tried it unless another is named. */
function expire(
  scene: Scene,
  id: string,
  { owner = 'run-1', closedFor, ...rest }: Partial<Omit<ExpireRequest, 'closedLanes'>> & { closedFor?: number } = {},
) {
  const closed = new Map(closedFor === undefined ? [] : [[lane, closedFor]]);
  const request = { owner, reason: expired, ...rest };
  scene.run((tx) => expireEntry(tx, scene.entry(id), request, closed, scene.now));
  return scene.entry(id).status;
}

describe('spooled → dead', () => {
  function waiting() {
    const scene = new Scene();
    scene.append('a', { pickupIn: 100 });
    scene.now += 1_100;
    return scene;
  }

  it('only if its lane was closed ever since it was due: an entry that can be tried is tried once', () => {
    const scene = waiting();
    expect(expire(scene, 'a').state).toBe('spooled');
    expect(expire(scene, 'a', { closedFor: 999 }).state).toBe('spooled');
    expect(scene.changes).toEqual([]);
    expect(expire(scene, 'a', { closedFor: 1_000 })).toMatchObject({ state: 'dead', reason: expired, endedAt: scene.now });
    expect(scene.changes).toEqual([{ entryId: 'a', messageId: 'm-a', from: 'spooled', to: 'dead', reason: expired }]);
  });

  it('not because another lane is closed, nor before it is due', () => {
    const scene = waiting();
    scene.run((tx) => expireEntry(tx, scene.entry('a'), { owner: 'r', reason: expired }, new Map([['bob@x', 9e9]]), scene.now));
    expect(scene.states('a')).toEqual(['spooled']);
    scene.now -= 1_001;
    expect(expire(scene, 'a', { closedFor: 9e9 }).state).toBe('spooled');
    scene.now += 1;
    expect(expire(scene, 'a', { closedFor: 0 }).state).toBe('dead');
  });

  it('has a reason that a spool can store', () => {
    const scene = waiting();
    scene.run((tx) =>
      expireEntry(tx, scene.entry('a'), { owner: 'r', reason: undefined as never }, new Map([[lane, 9e9]]), scene.now),
    );
    expect(scene.entry('a').status.reason).toEqual({ code: 'TRANSPORT_FAILED', text: '' });
  });

  it('names lanes once, with how long they were closed', () => {
    const lanes = [
      { lane: 'a', closedFor: 5 },
      { lane: 'b', closedFor: 7 },
    ];
    expect(closedLanes({ owner: 'r', reason: expired, closedLanes: lanes })).toEqual(
      new Map([
        ['a', 5],
        ['b', 7],
      ]),
    );
  });
});

describe('deferred →', () => {
  function deferred() {
    const { scene, note } = delivering('a', 'b');
    scene.settle(note, { to: 'deferred', after: 1_000, failure: true, reason });
    return { scene, noteId: note.noteId };
  }

  it('dead once this run has tried it; the others continue as the same note', () => {
    const { scene, noteId } = deferred();
    expect(expire(scene, 'a', { owner: 'another run' }).state).toBe('deferred');
    expect(expire(scene, 'a')).toMatchObject({ state: 'dead', reason: expired, endedAt: scene.now });
    expect(scene.note(noteId).entryIds).toEqual(['b']);
  });

  it('unconfirmed if it may have been sent: probed alone, and never sent again', () => {
    const { scene, note } = probed('a', 'b');
    scene.settle(note, { to: 'deferred', after: 0, failure: false, reason });
    scene.now += 50;
    const status = expire(scene, 'a');
    expect(status).toMatchObject({ state: 'unconfirmed', expiresAt: 0, due: { at: scene.now, within: 0 }, reason: expired });
    expect(scene.note(status.noteId ?? '')).toMatchObject({ entryIds: ['a'], state: 'unconfirmed', due: { at: scene.now } });
    expect(scene.note(note.noteId).entryIds).toEqual(['b']);
    expect(status).not.toHaveProperty('endedAt');
  });
});

describe('unconfirmed', () => {
  function unconfirmed(...ids: string[]) {
    const { scene, note } = probed(...ids);
    scene.settle(note, { to: 'unconfirmed', after: 60_000, absent: false, counted: 0, reason });
    const { expiresAt } = scene.entry('a').status;
    return { scene, noteId: note.noteId, expiresAt };
  }

  it('alone in its note holds back no other once expired: marked by an expiry of 0, and still probed', () => {
    const { scene, noteId, expiresAt } = unconfirmed('a');
    scene.now = expiresAt - 1;
    expect(expire(scene, 'a').expiresAt).toBe(expiresAt);
    scene.now = expiresAt;
    expect(expire(scene, 'a')).toMatchObject({ state: 'unconfirmed', expiresAt: 0, due: { at: scene.now, within: 0 } });
    expect(scene.note(noteId).entryIds).toEqual(['a']);
    expect(scene.changes).toEqual([]);
  });

  it('→ dead a fixed time after its expiry, to the ms', () => {
    const { scene, expiresAt, noteId } = unconfirmed('a');
    scene.now = expiresAt + 5;
    expire(scene, 'a', { giveUpAfter: day });
    scene.now = expiresAt + 5 + day - 1;
    expect(expire(scene, 'a', { giveUpAfter: day }).state).toBe('unconfirmed');
    scene.now += 1;
    const status = expire(scene, 'a', { giveUpAfter: day });
    expect(status).toMatchObject({
      state: 'dead',
      endedAt: scene.now,
      reason: { code: 'OUTCOME_UNKNOWN', text: expect.stringMatching(sentence) },
    });
    expect(scene.table.note(noteId)).toBeUndefined();
  });

  it('is not given up in a kept lane, such as one paused by an operator', () => {
    const { scene, expiresAt } = unconfirmed('a');
    scene.now = expiresAt + 2 * day;
    expire(scene, 'a');
    scene.now += 2 * day;
    expect(expire(scene, 'a', { giveUpAfter: day, keptLanes: ['bob@contoso.com', lane] }).state).toBe('unconfirmed');
    expect(expire(scene, 'a', { giveUpAfter: day, keptLanes: ['bob@contoso.com'] }).state).toBe('dead');
  });

  it('is never given up without a limit', () => {
    const { scene, expiresAt } = unconfirmed('a');
    scene.now = expiresAt;
    expire(scene, 'a');
    scene.now += 1_000 * day;
    expect(expire(scene, 'a').state).toBe('unconfirmed');
  });

  it('in a note with others is not marked, but given up all the same', () => {
    const { scene, expiresAt, noteId } = unconfirmed('a', 'b');
    scene.now = expiresAt + day - 1;
    expect(expire(scene, 'a', { giveUpAfter: day })).toMatchObject({ state: 'unconfirmed', expiresAt });
    scene.now += 1;
    expect(expire(scene, 'a', { giveUpAfter: day }).state).toBe('dead');
    expect(scene.note(noteId).entryIds).toEqual(['b']);
  });

  it('that was tried again long after its expiry is probed for as long as any other', () => {
    const { scene, noteId, expiresAt } = unconfirmed('a', 'b');
    const ran = expiresAt + 3 * day;
    scene.run((tx) => tx.putNote({ ...scene.note(noteId), lastRanAt: ran }));
    scene.now = ran + day - 1;
    expect(expire(scene, 'a', { giveUpAfter: day }).state).toBe('unconfirmed');
    scene.now = ran + day;
    expect(expire(scene, 'a', { giveUpAfter: day }).state).toBe('dead');
  });

  it('without its note is left to recovery', () => {
    const { scene, noteId, expiresAt } = unconfirmed('a');
    scene.run((tx) => tx.dropNote(noteId));
    scene.now = expiresAt + 9 * day;
    expect(expire(scene, 'a', { giveUpAfter: day }).state).toBe('unconfirmed');
  });
});
