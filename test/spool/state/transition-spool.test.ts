import { describe, expect, it } from 'vitest';
import type { Change, Settlement } from '../../../src/spool/contract.ts';
import { parked } from '../../../src/spool/state/records.ts';
import { lateSubject, refreezeEach, settleEach } from '../../../src/spool/state/settle.ts';
import { failedAppends, type Subject, type Transition, TransitionSpool } from '../../../src/spool/state/transition-spool.ts';
import { delivering, place, probed, reason, Scene } from './scene.ts';

/** A spool that commits at once, and reports the subject of each transition. */
class SceneSpool extends TransitionSpool {
  override readonly actionsAtOnce: number;
  readonly subjects: Subject[] = [];
  readonly scene: Scene;

  constructor(scene: Scene, actionsAtOnce = 10_000) {
    super();
    this.scene = scene;
    this.actionsAtOnce = actionsAtOnce;
  }

  protected async transit<Result>(subject: Subject, operation: (transition: Transition) => Result): Promise<Result> {
    this.subjects.push(subject);
    const { scene } = this;
    return scene.run((tx) => {
      // What a transition finds already done, such as expired leases, is not its own.
      tx.report(scene.entry('a'), 'delivering', 'unconfirmed');
      return operation({ tx, tags: scene.table, now: scene.now });
    });
  }
}

function spoolOf(...ids: string[]): SceneSpool {
  const scene = new Scene();
  for (const id of ids) scene.append(id);
  return new SceneSpool(scene);
}

describe('the host actions', () => {
  it('hold, release, cancel, purge: each loads its entries, and resolves with its own changes', async () => {
    const spool = spoolOf('a', 'b');
    const done = async (action: 'hold' | 'release' | 'cancel' | 'purge') =>
      (await spool[action](['a'])).map(({ entryId, from, to }) => `${entryId} ${from} → ${to}`);
    expect(await done('hold')).toEqual(['a spooled → held']);
    spool.scene.now += 5;
    expect(await done('release')).toEqual(['a held → spooled']);
    expect(spool.scene.entry('a').status.due.at).toBe(spool.scene.now);
    expect(await done('cancel')).toEqual(['a spooled → cancelled']);
    expect(spool.scene.entry('a').status.endedAt).toBe(spool.scene.now);
    expect(await done('purge')).toEqual(['a cancelled → purged']);
    expect(spool.subjects).toEqual(Array.from({ length: 4 }, () => ({ entries: ['a'] })));
    expect(spool.scene.states('b')).toEqual(['spooled']);
  });

  it.each([
    [undefined, 'unconfirmed'],
    [{}, 'unconfirmed'],
    [{ force: false }, 'unconfirmed'],
    [{ force: true }, 'spooled'],
  ] as const)('requeue with %j, entries that may have been sent: %s', async (options, state) => {
    const { scene, note } = probed('a');
    scene.settle(note, { to: 'dead', sent: 'unknown', reason });
    expect(await new SceneSpool(scene).requeue(['a'], options)).toMatchObject([{ from: 'dead', to: state }]);
    expect(scene.entry('a').status.expiresAt).toBe(scene.now + 432_000_000);
  });

  it('share a transaction up to a limited number of entries, and do nothing for none', async () => {
    const scene = new Scene();
    for (const id of ['a', 'b', 'c']) scene.append(id);
    const spool = new SceneSpool(scene, 2);
    expect((await spool.hold(['a', 'b', 'c'])).map(({ entryId }) => entryId)).toEqual(['a', 'b', 'c']);
    expect(spool.subjects).toEqual([{ entries: ['a', 'b'] }, { entries: ['c'] }]);
    expect(await spool.hold([])).toEqual([]);
    expect(spool.subjects).toHaveLength(2);
  });
});

describe('a move to another spool', () => {
  it('holds exported entries, gives imported ones their state back, and releases only those that waited', async () => {
    const { scene } = spoolOf('a');
    for (const id of ['b', 'c']) scene.append(id, { pickupIn: parked });
    const spool = new SceneSpool(scene);
    const done = async (changes: Promise<readonly Change[]>) =>
      (await changes).map(({ entryId, from, to }) => `${entryId} ${from} → ${to}`);
    const moved = { unknownAttempts: [], cancelRequested: false };
    expect(await done(spool.holdExported(['a']))).toEqual(['a spooled → held']);
    expect(
      await done(
        spool.adopt([
          { id: 'b', state: 'waiting', ...moved },
          { id: 'c', state: 'held', ...moved },
        ]),
      ),
    ).toEqual(['b spooled → held', 'c spooled → held']);
    expect(await done(spool.letAdoptedGo(['a', 'b', 'c']))).toEqual(['b held → spooled']);
    expect(scene.states('a', 'b', 'c')).toEqual(['held', 'spooled', 'held']);
    expect(spool.subjects).toEqual([{ entries: ['a'] }, { entries: ['b', 'c'] }, { entries: ['a', 'b', 'c'] }]);
  });
});

it('an invalid call is refused in a sentence', async () => {
  await expect(spoolOf('a').hold('a' as never)).rejects.toThrow(/^spool\.hold\(\): .+ expected /);
});

describe('a late "delivered" first reads, besides the notes,', () => {
  it('the entry probed alone, and the tag of the attempt; nothing for other settlements, or while the lease is valid', () => {
    const { scene, note } = delivering('a');
    const delivered = (token: string): Settlement => ({ token, to: 'delivered' });
    const held: Settlement = { token: 'b-9:1:probe:4', to: 'held' };
    expect(lateSubject(scene.table, [delivered('entry-1-7:2:probe:4'), held, delivered('n:3:deliver:1')])).toEqual({
      entries: ['entry-1', ''],
      tags: ['entry-1-7:2', 'n:3'],
    });
    expect(lateSubject(scene.table, [delivered(note.token)])).toEqual({ entries: [], tags: [] });
    scene.settle(note, { to: 'deferred', after: 5, failure: true, reason });
    expect(lateSubject(scene.table, [delivered(note.token)]).tags).toEqual([note.tag]);
  });
});

const frozen = { messageClass: 'IPM.Note', subject: 's', wording: 2, place };

it('refreeze loads the notes of its tokens, and resolves with those no longer valid', async () => {
  const { scene, note } = delivering('a');
  const spool = new SceneSpool(scene);
  expect(
    await spool.refreeze([
      { token: note.token, frozen },
      { token: 'n:1:deliver:1', frozen },
    ]),
  ).toEqual(['n:1:deliver:1']);
  expect(spool.subjects).toEqual([{ notes: [note.noteId, 'n'] }]);
  expect(scene.note(note.noteId).frozen).toEqual(frozen);
  expect(scene.run((tx) => refreezeEach({ tx }, [{ token: note.token, frozen }]))).toEqual([]);
});

it('settle resolves with the lost tokens, and the changes of the others', () => {
  const { scene, note } = delivering('a');
  const settlements: Settlement[] = [
    { token: note.token, to: 'held' },
    { token: 'n:1:deliver:1', to: 'held' },
  ];
  const settled = scene.run((tx) => {
    tx.report(scene.entry('a'), 'delivering', 'unconfirmed');
    return settleEach({ tx, tags: scene.table, now: scene.now }, settlements);
  });
  expect(settled).toEqual({
    lost: ['n:1:deliver:1'],
    changes: [{ entryId: 'a', messageId: 'm-a', from: 'delivering', to: 'held' }],
  });
});

it('a failed append fails for each of its messages', () => {
  const error = new Error('disk full');
  expect(failedAppends([[{ messageId: '1' }, { messageId: '1' }], [{ messageId: '2' }]], 'unknown', error)).toEqual([
    { messageId: '1', status: 'failed', kept: 'unknown', error },
    { messageId: '2', status: 'failed', kept: 'unknown', error },
  ]);
});
