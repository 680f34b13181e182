import type { BulkVerb, EntryFilter } from '../../../spool/admin/contract.ts';
import { equal, present } from '../assert.ts';
import { arcs, reason, type Scene, type Test } from '../scene.ts';
import { bring, type Situation, situations, stateOf } from '../states.ts';

const obstacle = {
  kind: 'mailbox-blocked',
  name: 'a@contoso.test',
  lanes: ['a@contoso.test'],
  since: 1,
  reason,
  nextTrialAt: 2,
} as const;

/** What a bulk change turns each situation into; it forces no entry that is being delivered or may have been sent. */
const bulk: Readonly<Record<BulkVerb, Partial<Record<Situation, string>>>> = {
  requeue: { dead: 'spooled' },
  cancel: {
    spooled: 'cancelled',
    deferred: 'cancelled',
    'deferred, with an unknown attempt': 'cancelled',
    held: 'cancelled',
    'held, with an unknown attempt': 'cancelled',
    dead: 'cancelled',
    'dead, with an unknown attempt': 'cancelled',
  },
  hold: { spooled: 'held', deferred: 'held', 'deferred, with an unknown attempt': 'held' },
  release: { held: 'spooled', 'held, with an unknown attempt': 'unconfirmed' },
  purge: { delivered: 'purged', dead: 'purged', 'dead, with an unknown attempt': 'purged', cancelled: 'purged' },
};

async function listed(scene: Scene, filter: EntryFilter, limit?: number): Promise<string[]> {
  const ids: string[] = [];
  const { listBy } = adminOf(scene);
  let cursor: string | undefined;
  do {
    const page = await listBy(filter, cursor, limit);
    ids.push(...page.entries.map(({ id }) => id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids;
}

function adminOf({ storage }: Scene) {
  const admin = present(storage.admin, 'storage.admin');
  return {
    admin,
    listBy: (filter: EntryFilter, cursor?: string, limit?: number) => admin.listBy(filter, cursor, limit),
  };
}

/** `SpoolStorage.admin`, where the storage implements it. */
export function adminTests(register: Test): void {
  const test: Test = (name, body) =>
    register(name, async (scene) => {
      if (scene.storage.admin !== undefined) await body(scene);
    });

  test('a pause records its mailbox, author, reason and start, and survives a restart', async (scene) => {
    const { admin } = adminOf(scene);
    equal(await admin.paused(), [], 'pauses');
    await admin.pause({ lane: 'a@contoso.test', by: 'root', why: 'migration' });
    await admin.pause({ by: 'carol' });
    const before = await admin.paused();
    equal(
      before.map(({ lane, by, why }) => ({ lane, by, why })).sort((a) => (a.lane === undefined ? -1 : 1)),
      [{ by: 'carol' }, { lane: 'a@contoso.test', by: 'root', why: 'migration' }],
      'pauses',
    );
    await scene.advance(2);
    await scene.reopen();
    equal(await adminOf(scene).admin.paused(), before, 'pauses after a restart');
  });

  test('pausing again replaces author and reason, and keeps the start', async (scene) => {
    const { admin } = adminOf(scene);
    await admin.pause({ lane: 'a@contoso.test', by: 'root', why: 'migration' });
    const [before] = await admin.paused();
    await scene.advance(2);
    await admin.pause({ lane: 'a@contoso.test', by: 'carol' });
    equal(await admin.paused(), [{ lane: 'a@contoso.test', by: 'carol', since: before?.since }], 'pauses');
  });

  test('resume lifts only the pause it names', async (scene) => {
    const { admin } = adminOf(scene);
    await admin.pause({ lane: 'a@contoso.test', by: 'root' });
    await admin.pause({ by: 'root' });
    equal(await admin.resume('b@contoso.test'), false, 'there was a pause of b');
    equal(await admin.resume('a@contoso.test'), true, 'there was a pause of a');
    equal(
      (await admin.paused()).map(({ lane }) => lane ?? 'all'),
      ['all'],
      'pauses',
    );
    equal(await admin.resume(), true, 'there was a pause of all');
    equal(await admin.paused(), [], 'pauses');
    await scene.reopen();
    equal(await adminOf(scene).admin.paused(), [], 'pauses after a restart');
  });

  test('lists show unfinished entries first, in pages of any size, without messages', async (scene) => {
    for (const situation of ['delivered', 'spooled', 'dead', 'held', 'unconfirmed'] as const)
      await bring(scene, situation, situation);
    await scene.append(
      scene.entry('more', { lane: 'z', conversationId: 'z' }),
      scene.entry('most', { lane: 'z', conversationId: 'z' }),
    );
    for (const limit of [1, 2, 100]) {
      const ids = await listed(scene, {}, limit);
      equal(
        [...ids.slice(0, 5)].sort(),
        ['held', 'more', 'most', 'spooled', 'unconfirmed'],
        `what has not ended, ${limit} per page`,
      );
      equal([...ids.slice(5)].sort(), ['dead', 'delivered'], `what has ended, ${limit} per page`);
    }
    const { entries } = await adminOf(scene).admin.listBy({ state: 'spooled' });
    equal(
      entries.map(({ message }) => message),
      [undefined, undefined, undefined],
      'messages',
    );
  });

  test('listBy filters by state, mailbox, recipient, time and code', async (scene) => {
    for (const situation of situations) await bring(scene, situation, situation);
    const [to] = [{ address: 'Carol@contoso.test' }];
    const message = { ...scene.entry('x').message, to: [{ address: 'bob@contoso.test' }, to] };
    await scene.advance(1);
    await scene.append(scene.entry('to carol', { lane: 'z', conversationId: 'z', recipientsKey: 'both', message }));
    for (const state of new Set(situations.map(stateOf))) {
      const expected = situations.filter((one) => stateOf(one) === state) as string[];
      if (state === 'spooled') expected.push('to carol');
      equal((await listed(scene, { state }, 1)).sort(), expected.sort(), `in state ${state}`);
    }
    equal(await listed(scene, { lane: 'lane of dead' }), ['dead'], 'of a mailbox');
    equal(await listed(scene, { lane: 'lane of spooled', state: 'spooled' }), ['spooled'], 'of a mailbox and state');
    equal(await listed(scene, { recipient: 'carol@CONTOSO.test' }), ['to carol'], 'to a recipient, in any case');
    equal(await listed(scene, { recipient: 'arol@contoso.test' }), [], 'to a part of a recipient');
    equal((await listed(scene, { recipient: 'bob@contoso.test' }, 3)).length, situations.length + 1, 'to all');
    const { acceptedAt } = await scene.get('to carol');
    equal(await listed(scene, { since: acceptedAt }), ['to carol'], 'since');
    equal((await listed(scene, { until: acceptedAt })).length, situations.length, 'until');
    equal(
      (await listed(scene, { state: 'dead', code: reason.code })).sort(),
      ['dead', 'dead, with an unknown attempt'],
      'by code',
    );
    equal(await listed(scene, { code: 'EXPIRED' }), [], 'by a code that none has');
  });

  test('lists find an entry in its current state after each change', async (scene) => {
    await bring(scene, 'm', 'held');
    await scene.storage.release(['m']);
    equal(await listed(scene, { state: 'held' }), [], 'held');
    equal(await listed(scene, { recipient: 'bob@contoso.test', state: 'spooled' }), ['m'], 'spooled, by recipient');
    await scene.storage.cancel(['m']);
    equal(await listed(scene, { lane: 'lane of m' }), ['m'], 'of its mailbox');
    equal(await listed(scene, { recipient: 'bob@contoso.test', state: 'spooled' }), [], 'spooled, by recipient');
    await scene.storage.purge(['m']);
    equal(await listed(scene, {}), [], 'after a purge');
    await bring(scene, 'n', 'dead');
    await scene.storage.requeue(['n']);
    equal(await listed(scene, { recipient: 'bob@contoso.test', state: 'spooled' }), ['n'], 'requeued, by recipient');
  });

  for (const [verb, outcomes] of Object.entries(bulk) as [BulkVerb, (typeof bulk)[BulkVerb]][]) {
    test(`${verb} in bulk changes only the states it may, and forces nothing`, async (scene) => {
      for (const situation of situations) await bring(scene, situation, situation);
      const { admin } = adminOf(scene);
      const expected = Object.entries(outcomes).map(([id, to]) => `${id}: ${stateOf(id as Situation)} → ${to}`);
      const dry = await admin.change(verb, {}, { limit: 1_000, dryRun: true });
      equal([dry.matched, dry.changes.length, dry.more], [expected.length, 0, false], 'a dry run');
      for (const situation of situations) await scene.expectState(situation, stateOf(situation));
      const done = await admin.change(verb, {}, { limit: 1_000, dryRun: false });
      equal(arcs(done.changes).sort(), expected.sort(), 'changes');
      equal([done.matched, done.more, done.refused], [expected.length, false, dry.refused], 'what it tells');
    });
  }

  test('a bulk change respects its filter and its limit', async (scene) => {
    for (const id of ['a', 'b', 'c']) await bring(scene, id, 'dead');
    await scene.append('d');
    const { admin } = adminOf(scene);
    const some = await admin.change('requeue', { state: 'dead' }, { limit: 2, dryRun: false });
    equal([some.matched, some.changes.length, some.more], [2, 2, true], 'with a limit');
    equal((await scene.storage.counts()).dead, 1, 'dead');
    const one = await admin.change('cancel', { lane: 'lane of nobody' }, { limit: 10, dryRun: false });
    equal([one.matched, one.more], [0, false], 'of nobody');
    const refused = await admin.change('release', { state: 'spooled' }, { limit: 10, dryRun: false });
    equal([refused.matched, refused.refused], [0, { spooled: 3 }], 'release of what is not held');
  });

  test('lanes() counts unfinished entries per mailbox', async (scene) => {
    const { admin } = adminOf(scene);
    equal((await admin.lanes()).lanes, [], 'lanes');
    await bring(scene, 'a', 'dead');
    await bring(scene, 'b', 'held');
    await scene.append(scene.entry('c', { lane: 'lane of b', conversationId: 'c' }));
    const oldest = (await scene.get('b')).acceptedAt;
    equal((await admin.lanes()).lanes, [{ lane: 'lane of b', states: { held: 1, spooled: 1 }, oldest }], 'lanes');
  });

  test('a report of obstacles is kept for three polls', async (scene) => {
    const { admin } = adminOf(scene);
    const report = (owner: string, pollInterval: number) => admin.report({ owner, pollInterval, obstacles: [obstacle] });
    await report('one', scene.units(1));
    await report('other', scene.units(100));
    const { reports } = await admin.lanes();
    equal(
      reports.map(({ owner, obstacles }) => ({ owner, obstacles })),
      ['one', 'other'].map((owner) => ({ owner, obstacles: [obstacle] })),
      'reports',
    );
    await scene.advance(5);
    equal(
      (await admin.lanes()).reports.map(({ owner }) => owner),
      ['other'],
      'reports that are not stale',
    );
    await admin.report({ owner: 'other', pollInterval: scene.units(100), obstacles: [] });
    equal((await admin.lanes()).reports, [], 'reports when there is nothing to tell');
  });

  test('the audit keeps who did what, newest first, across restarts', async (scene) => {
    const { admin } = adminOf(scene);
    equal(await admin.audit(), [], 'records');
    await admin.audit({ by: 'root', command: 'requeue', filter: { state: 'dead' }, count: 3 });
    await admin.audit({ by: 'carol', command: 'pause' });
    await scene.reopen();
    const records = await adminOf(scene).admin.audit();
    equal(
      records.map(({ at, ...record }) => record),
      [
        { by: 'carol', command: 'pause' },
        { by: 'root', command: 'requeue', filter: { state: 'dead' }, count: 3 },
      ],
      'records',
    );
  });
}
