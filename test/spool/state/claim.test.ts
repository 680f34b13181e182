import { describe, expect, it } from 'vitest';
import type { NewSpoolEntry } from '../../../src/spool/contract.ts';
import { runOf, triedByOf } from '../../../src/spool/state/claim.ts';
import { requeue } from '../../../src/spool/state/host-actions.ts';
import type { EntryRecord, EntryStatus } from '../../../src/spool/state/records.ts';
import { claimRequest } from '../../support/spool-entries.ts';
import { delivering, place, probed, reason, Scene } from './scene.ts';

/** A stream of waiting entries due at 1 000 120, with the given changes. */
function stream(...parts: { fixed?: Partial<NewSpoolEntry>; status?: Partial<EntryStatus> }[]): EntryRecord[] {
  const scene = new Scene();
  return parts.map(({ fixed = {}, status = {} }, at) => {
    scene.append(`e${at}`, { pickupIn: 120, weight: 10, ...fixed });
    const record = scene.entry(`e${at}`);
    return { ...record, status: { ...record.status, ...status } };
  });
}
const due = 1_000_120;
const run = (records: EntryRecord[], parts: Parameters<typeof claimRequest>[0] = {}, now = due) => {
  const found = runOf(records, claimRequest(parts), now);
  return found === undefined || 'deferredNoteId' in found ? found : found.members.map(({ fixed }) => fixed.id);
};

describe('the note formed by the head of a conversation', () => {
  it('is undefined before it is due, to the ms, and if nothing waits', () => {
    expect(run(stream({}), {}, due - 1)).toBeUndefined();
    expect(run(stream({}), {}, due)).toEqual(['e0']);
    expect(run([])).toBeUndefined();
    expect(runOf(stream({}), claimRequest(), due)).toMatchObject({ note: undefined });
  });

  it('is claimed early by a flush', () => {
    expect(run(stream({}), { ignorePickup: true }, 0)).toEqual(['e0']);
    expect(run(stream({}), { ignorePickup: false }, 0)).toBeUndefined();
  });

  it.each(['delivering', 'unconfirmed', 'held', 'dead'] as const)(
    'is undefined while the head is %s: later entries wait',
    (state) => {
      expect(run(stream({ status: { state } }, {}))).toBeUndefined();
      expect(run(stream({ status: { state } }, {}), { ignorePickup: true })).toBeUndefined();
    },
  );

  it('is the existing one if the head is deferred, whatever follows', () => {
    expect(run(stream({ status: { state: 'deferred', noteId: 'n' } }, {}))).toEqual({ deferredNoteId: 'n' });
    expect(run(stream({ status: { state: 'deferred', noteId: 'n' } }), {}, 0)).toEqual({ deferredNoteId: 'n' });
  });

  it('is undefined if the existing one is unknown: a record damaged on disk keeps no others from being claimed', () => {
    expect(run(stream({ status: { state: 'deferred' } }, {}))).toBeUndefined();
  });

  it('is the longest waiting run, due or not: later entries go with it', () => {
    expect(run(stream({}, { status: { due: { at: due + 9_999, within: 9_999 } } }, {}))).toEqual(['e0', 'e1', 'e2']);
    expect(run(stream({}, { status: { state: 'deferred', noteId: 'n' } }, {}))).toEqual(['e0']);
    expect(run(stream({}, { status: { state: 'delivering' } }, {}))).toEqual(['e0']);
  });

  it('ends at other recipients', () => {
    expect(run(stream({}, { fixed: { recipientsKey: 'carol' } }, {}))).toEqual(['e0']);
  });

  it.each([{ single: true }, { unknownAttempts: [{ tag: 'n:1', place }] }])('has a single entry: %j', (status) => {
    expect(run(stream({ status }, {}))).toEqual(['e0']);
    expect(run(stream({}, { status }, {}))).toEqual(['e0']);
  });

  it('is limited in entries', () => {
    expect(run(stream({}, {}, {}), { maxEntries: 2 })).toEqual(['e0', 'e1']);
    expect(run(stream({}, {}, {}), { maxEntries: 3 })).toEqual(['e0', 'e1', 'e2']);
  });

  it('is limited in bytes, but has at least one entry', () => {
    expect(run(stream({}, {}, {}), { maxBytes: 20 })).toEqual(['e0', 'e1']);
    expect(run(stream({}, {}, {}), { maxBytes: 19 })).toEqual(['e0']);
    expect(run(stream({}, {}, {}), { maxBytes: 1 })).toEqual(['e0']);
    expect(run(stream({ fixed: { weight: 1 } }, { fixed: { weight: 15 } }, { fixed: { weight: 5 } }), { maxBytes: 20 })).toEqual([
      'e0',
      'e1',
    ]);
  });
});

describe('spooled → delivering', () => {
  it('as a new note: frozen, leased, its attempt counted', () => {
    const scene = new Scene();
    for (const id of ['a', 'b']) scene.append(id);
    scene.now += 120_000;
    const note = scene.claim(['a', 'b'], { newNoteId: () => 'n', lease: 30_000, owner: 'run-7' });
    const frozen = {
      messageClass: 'IM.Note.MissedConversation',
      subject: 'Missed conversation with Alice Example',
      wording: 1,
      place,
    };
    expect(note).toMatchObject({
      token: 'n:1:deliver:3',
      lane: 'alice@contoso.com',
      noteId: 'n',
      attempt: 1,
      tag: 'n:1',
      frozen,
      entries: [
        { id: 'a', state: 'delivering', noteId: 'n', attempt: 1, message: { text: 'text of a' } },
        { id: 'b', state: 'delivering', noteId: 'n', attempt: 1, message: { text: 'text of b' } },
      ],
      unknownAttempts: [],
      failures: 0,
      probes: 0,
      absences: 0,
      quietFor: 0,
      unconfirmedFor: 0,
      expired: false,
    });
    expect(scene.note('n')).toEqual({
      id: 'n',
      lane: 'alice@contoso.com',
      entryIds: ['a', 'b'],
      frozen,
      attempt: 1,
      state: 'delivering',
      due: { at: 1_120_000, within: 0 },
      failures: 0,
      probes: 0,
      absences: 0,
      lastRanAt: 1_120_000,
      unconfirmedFor: 0,
      lease: { token: 'n:1:deliver:3', kind: 'deliver', until: 1_150_000, before: undefined, triedBy: new Map() },
    });
    expect(scene.entry('a').status).toMatchObject({ state: 'delivering', noteId: 'n', attempt: 1, triedBy: 'run-7' });
    expect(scene.changes).toEqual(
      ['a', 'b'].map((id) => ({ entryId: id, messageId: `m-${id}`, from: 'spooled', to: 'delivering', noteId: 'n' })),
    );
  });

  it('freezes what its members are and what the note had frozen before', () => {
    const scene = new Scene();
    scene.append('a');
    const given: unknown[] = [];
    const freeze = (members: readonly { id: string; state: string }[], previous: unknown) => {
      given.push([members.map(({ id, state }) => [id, state]), previous]);
      return { messageClass: 'IPM.Note', subject: 's', wording: 2, place };
    };
    const first = scene.claim(['a'], { freeze });
    scene.settle(first, { to: 'deferred', after: 0, failure: true, reason });
    const second = scene.claim(['a'], { freeze, newNoteId: () => 'unused' });
    expect(given).toEqual([
      [[['a', 'spooled']], undefined],
      [[['a', 'deferred']], first.frozen],
    ]);
    expect(second).toMatchObject({ noteId: first.noteId, attempt: 2, tag: `${first.noteId}:2`, failures: 1 });
    expect(second.token).not.toBe(first.token);
  });

  it('keeps of the frozen values what a spool can store', () => {
    const scene = new Scene();
    scene.append('a');
    expect(scene.claim(['a'], { freeze: () => ({ messageClass: '', subject: 5, wording: -1, place }) as never }).frozen).toEqual({
      messageClass: 'IPM.Note',
      subject: '5',
      wording: 0,
      place,
    });
  });

  it('tells whether all its members have expired, to the ms', () => {
    const scene = new Scene();
    scene.append('a', { expiresIn: 1_000 });
    scene.append('b', { expiresIn: 2_000 });
    const expired = (at: number) => {
      scene.now = 1_000_000 + at;
      const note = scene.claim(['a', 'b']);
      scene.settle(note, { to: 'unclaim' });
      return note.expired;
    };
    expect([1_000, 1_999, 2_000].map(expired)).toEqual([false, false, true]);
  });
});

describe('unconfirmed → claimed to probe', () => {
  it('stays unconfirmed, with its attempt, its frozen values, and how long it has been quiet', () => {
    const { scene, note, attempt } = probed('a', 'b');
    expect(note).toMatchObject({
      token: expect.stringMatching(/:1:probe:\d+$/),
      noteId: attempt.noteId,
      attempt: 1,
      tag: attempt.tag,
      frozen: attempt.frozen,
      unknownAttempts: [{ tag: attempt.tag, place }],
      quietFor: 5_000,
      entries: [
        { id: 'a', state: 'unconfirmed' },
        { id: 'b', state: 'unconfirmed' },
      ],
    });
    expect(scene.note(note.noteId)).toMatchObject({ state: 'unconfirmed', attempt: 1, lease: { kind: 'probe' } });
    expect(scene.changes).toEqual([]);
    expect(scene.entry('a').status.triedBy).toBe('run-1');
  });

  it('freezes nothing again', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'unclaim' });
    const freeze = () => {
      throw new Error('a probe freezes nothing');
    };
    expect(scene.claim(['a'], { kind: 'probe', freeze }).frozen).toEqual(note.frozen);
  });

  it('freezes values never frozen: a note formed of a requeued entry, before its first attempt', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'dead', sent: 'unknown', reason });
    scene.run((tx) => requeue(tx, ['a'], scene.now, false));
    const alone = scene.claim(['a'], { kind: 'probe' });
    expect(alone).toMatchObject({ attempt: 0, frozen: note.frozen, unknownAttempts: [{ tag: note.tag }] });
    expect(scene.note(alone.noteId).frozen).toEqual(note.frozen);
  });

  it('continues the counts of the note', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'unconfirmed', after: 1_000, absent: true, counted: 700, reason });
    scene.now += 1_000;
    const again = scene.claim(['a'], { kind: 'probe' });
    expect(again).toMatchObject({ probes: 1, absences: 1, unconfirmedFor: 700, quietFor: 6_000 });
    expect(scene.note(again.noteId)).toMatchObject({ probes: 1, absences: 1, unconfirmedFor: 700, due: { within: 1_000 } });
  });

  it('has never been quiet for a negative time, even if the clock was set back', () => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'unclaim' });
    scene.now -= 50_000;
    expect(scene.claim(['a'], { kind: 'probe' }).quietFor).toBe(0);
  });

  it('names each unknown attempt of its members once', () => {
    const { scene, note, attempt } = probed('a', 'b');
    scene.settle(note, { to: 'deferred', after: 0, failure: false, reason });
    const second = scene.claim(['a', 'b']);
    expect(second.unknownAttempts.map(({ tag }) => tag)).toEqual([attempt.tag]);
    scene.settle(second, { to: 'unconfirmed', after: 0, absent: false, counted: 0, ended: 'fault', reason });
    expect(scene.claim(['a', 'b'], { kind: 'probe' }).unknownAttempts).toEqual([
      { tag: attempt.tag, place },
      { tag: second.tag, place, ended: 'fault' },
    ]);
  });
});

it('a probe includes the unknown attempts of any member, whatever is known of the others', () => {
  const { scene, attempt } = probed('a', 'b');
  scene.append('c');
  expect(scene.claim(['c', 'a'], { kind: 'probe' }).unknownAttempts).toEqual([{ tag: attempt.tag, place }]);
});

it('the previous owners of members are known, if they were tried', () => {
  const { scene } = delivering('a');
  scene.append('b');
  expect(triedByOf([scene.entry('a'), scene.entry('b')])).toEqual(new Map([['a', 'run-1']]));
});
