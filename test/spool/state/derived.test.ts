import { describe, expect, it } from 'vitest';
import { joined } from '../../../src/core/joined.ts';
import {
  clampEntry,
  clampNote,
  dueIn,
  headDue,
  laneFilter,
  messageEndedSince,
  probeAt,
  standingOf,
} from '../../../src/spool/state/derived.ts';
import {
  type EntryRecord,
  type EntryStatus,
  type Lease,
  mayExpireAt,
  type NoteRecord,
  tombstoneSince,
  turnAt,
} from '../../../src/spool/state/records.ts';

const due = { at: 1_000, within: 500 };
const status: EntryStatus = {
  state: 'spooled',
  rev: 1,
  order: 1,
  due,
  expiresAt: 9_000,
  single: false,
  unknownAttempts: [],
  cancelRequested: false,
  attempt: 0,
};
const note: NoteRecord = {
  id: 'n',
  lane: 'alice',
  entryIds: ['a'],
  attempt: 1,
  state: 'unconfirmed',
  due,
  failures: 0,
  probes: 0,
  absences: 0,
  lastRanAt: 700,
  unconfirmedFor: 0,
};
const lease: Lease = { token: 'n:1:deliver:1', kind: 'deliver', until: 2_000, before: undefined, triedBy: new Map() };
const record = (parts: Partial<EntryStatus>): EntryRecord => ({
  fixed: {
    id: 'a',
    messageId: 'm',
    contentHash: 'h',
    lane: 'alice',
    conversationId: 'c',
    audience: 'same-organization',
    recipientsKey: 'bob',
    messageClass: 'IPM.Note',
    weight: 1,
    to: [],
    acceptedAt: 500,
    pickupAt: 1_000,
    expiresIn: 8_500,
  },
  status: { ...status, ...parts },
});

describe('derived from the records', () => {
  it.each([
    ['spooled', 1_000],
    ['deferred', 4_000],
    ['delivering', undefined],
    ['unconfirmed', undefined],
  ] as const)('the head of a conversation that is %s is due at %s', (state, at) => {
    expect(headDue({ state, due }, { due: { at: 4_000, within: 0 } })?.at).toBe(at);
  });

  it('a deferred head without its note is never due', () => {
    expect(headDue({ state: 'deferred', due }, undefined)).toBeUndefined();
  });

  it('only an unconfirmed note that is not being probed is due for a probe', () => {
    expect(probeAt(note)).toBe(1_000);
    expect(probeAt({ ...note, lease })).toBeUndefined();
    expect(probeAt({ ...note, state: 'deferred' })).toBeUndefined();
  });

  it('only waiting or probed entries may expire; once expired, their due time is their expiry', () => {
    const states = ['spooled', 'deferred', 'delivering', 'unconfirmed', 'held', 'delivered', 'dead', 'cancelled'] as const;
    expect(states.filter((state) => mayExpireAt({ state, expiresAt: 5, due }) === 5)).toEqual([
      'spooled',
      'deferred',
      'unconfirmed',
    ]);
    expect(mayExpireAt({ state: 'unconfirmed', expiresAt: 0, due })).toBe(due.at);
  });

  it('a tombstone is an entry that was delivered, cancelled or purged', () => {
    expect(tombstoneSince({ ...status, state: 'delivered', endedAt: 7 })).toBe(7);
    expect(tombstoneSince({ ...status, state: 'dead', endedAt: 7 })).toBeUndefined();
    expect(tombstoneSince({ ...status, state: 'dead', endedAt: 7, purged: true })).toBe(7);
    expect(tombstoneSince({ ...status, state: 'cancelled' })).toBe(0);
  });

  it('a message has ended when its last entry has', () => {
    const ended = (endedAt: number): EntryStatus => ({ ...status, state: 'delivered', endedAt });
    expect(messageEndedSince([ended(3), ended(9), ended(4)])).toBe(9);
    expect(messageEndedSince([ended(3), status])).toBeUndefined();
    expect(messageEndedSince([])).toBeUndefined();
  });

  it('a filter names the lanes to include or exclude', () => {
    const lanes = ['a', 'b', 'c'];
    expect(lanes.filter(laneFilter(undefined))).toEqual(lanes);
    expect(lanes.filter(laneFilter({ only: ['b', 'x'] }))).toEqual(['b']);
    expect(lanes.filter(laneFilter({ except: ['b'] }))).toEqual(['a', 'c']);
    expect(lanes.filter(laneFilter({ except: joined([['b', 'x'], ['c']]) }))).toEqual(['a']);
    expect(lanes.filter(laneFilter({ except: [] }))).toEqual(lanes);
    expect(lanes.filter(laneFilter({ only: [] }))).toEqual([]);
  });

  it('a lane has its turn when it is due, but not before it was last served', () => {
    expect([turnAt(5, 3), turnAt(3, 5), turnAt(undefined, 5)]).toEqual([5, 5, undefined]);
  });

  it('the next due time is the earliest, and never in the past', () => {
    expect(dueIn([undefined, 900, 700], 500)).toBe(200);
    expect(dueIn([100, 900], 500)).toBe(0);
    expect(dueIn([undefined, undefined], 500)).toBeUndefined();
    expect(dueIn([], 500)).toBeUndefined();
  });
});

describe('after the clock was set back', () => {
  it('an entry keeps plausible times', () => {
    const one = record({ endedAt: 600 });
    expect(clampEntry(one, 600, 600)).toBe(one.status);
  });

  it.each([
    [{}, 499, { due: { at: 999, within: 500 }, expiresAt: 8_999 }],
    [{ due: { at: 100, within: 0 } }, 499, { due: { at: 100, within: 0 }, expiresAt: 8_999 }],
    [{ endedAt: 700 }, 600, { due, expiresAt: 9_000, endedAt: 600 }],
    [{ due: { at: 5_000, within: 500 } }, 600, { due: { at: 1_100, within: 500 }, expiresAt: 9_000 }],
  ] as const)('an entry with %j at %i waits no longer than its delay', (parts, now, expected) => {
    expect(clampEntry(record(parts), now, now)).toStrictEqual(expected);
  });

  it('an entry that is only probed stays expired', () => {
    expect(clampEntry(record({ expiresAt: 0 }), 400, 400).expiresAt).toBe(0);
  });

  it('a note is due no later than its delay allows, and its lease keeps the remaining time', () => {
    expect(clampNote(note, 700)).toBe(note);
    expect(clampNote(note, 400)).toStrictEqual({ ...note, due: { at: 900, within: 500 }, lastRanAt: 400 });
    expect(clampNote(note, 600)).toStrictEqual({ ...note, lastRanAt: 600 });
    expect(clampNote({ ...note, due: { at: 9_000, within: 500 } }, 700)).toStrictEqual({
      ...note,
      due: { at: 1_200, within: 500 },
    });
    expect(clampNote({ ...note, lease }, 1_200, 1_500).lease?.until).toBe(1_700);
    expect(clampNote({ ...note, lease }, 1_200, 5_000).lease?.until).toBe(1_200);
    expect(clampNote({ ...note, lease }, 1_200).lease).toBe(lease);
  });
});

describe('the standing of an entry in its conversation', () => {
  const head = (parts: Partial<EntryStatus>): EntryRecord => {
    const { fixed, status: own } = record(parts);
    return { fixed: { ...fixed, id: 'head' }, status: own };
  };
  const at = (
    parts: Partial<EntryStatus>,
    first: EntryRecord | undefined,
    its: Pick<NoteRecord, 'due' | 'lease'> | undefined = undefined,
  ) => standingOf(record(parts), its, first, 900);

  it.each(['held', 'delivered', 'dead', 'cancelled'] as const)('is undefined if it is %s', (state) => {
    expect(at({ state }, head({}))).toBeUndefined();
  });

  it('as the first: due at its own time', () => {
    expect(at({}, undefined)).toEqual({ behind: false, dueIn: 100 });
    expect(at({}, record({}))).toEqual({ behind: false, dueIn: 100 });
    expect(at({ due: { at: 100, within: 0 } }, undefined)).toEqual({ behind: false, dueIn: 0 });
  });

  it('behind another waiting one: due with that', () => {
    expect(at({ due: { at: 5_000, within: 9_000 } }, head({ due: { at: 950, within: 500 } }))).toEqual({
      behind: false,
      dueIn: 50,
    });
  });

  it.each(['deferred', 'delivering', 'unconfirmed'] as const)(
    'behind one that is %s: waits for that, and for its own time',
    (state) => {
      expect(at({}, head({ state, noteId: 'n' }))).toEqual({ behind: true, dueIn: 100 });
    },
  );

  it('in a note: due with that', () => {
    expect(
      at({ state: 'deferred', noteId: 'n' }, record({ state: 'deferred', noteId: 'n' }), { due: { at: 990, within: 500 } }),
    ).toEqual({
      behind: false,
      dueIn: 90,
    });
  });

  it('in the note of the head: not behind it; in another note: behind it', () => {
    const its = { due: { at: 990, within: 500 } };
    expect(at({ state: 'deferred', noteId: 'n' }, head({ state: 'deferred', noteId: 'n' }), its)).toMatchObject({
      behind: false,
    });
    expect(at({ state: 'deferred', noteId: 'n' }, head({ state: 'deferred', noteId: 'm' }), its)).toMatchObject({ behind: true });
    expect(at({ state: 'deferred', noteId: 'n' }, head({}), its)).toEqual({ behind: true, dueIn: 90 });
  });

  it('in progress: due at an unknown time', () => {
    expect(at({ state: 'delivering', noteId: 'n' }, undefined, { due })).toEqual({ behind: false });
    expect(at({ state: 'unconfirmed', noteId: 'n' }, undefined, { due, lease })).toEqual({ behind: false });
    expect(at({ state: 'unconfirmed', noteId: 'n' }, undefined, undefined)).toEqual({ behind: false });
  });

  it('after the clock was set back: due no later than its delay', () => {
    expect(at({ due: { at: 50_000, within: 500 } }, undefined)).toEqual({ behind: false, dueIn: 500 });
  });
});
