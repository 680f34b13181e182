import type { SpoolEntry, SpoolQuery } from '../../../spool/contract.ts';
import { equal, isTrue } from '../assert.ts';
import { reason, type Scene, type Test } from '../scene.ts';
import { bring, expectCountsToAddUp, situations, stateOf } from '../states.ts';

/** get, list and counts. */
export function readTests(test: Test): void {
  test('get returns undefined for an entry that was never appended', async (scene) => {
    equal(await scene.storage.get('unknown'), undefined, 'get');
    equal(await listed(scene), [], 'list');
  });

  test('the counts of an empty storage name every state', async (scene) => {
    const none = { spooled: 0, deferred: 0, delivering: 0, unconfirmed: 0, held: 0, delivered: 0, dead: 0, cancelled: 0 };
    equal(await scene.storage.counts(), none, 'counts');
  });

  test('counts and lists agree in every state, and after a restart', async (scene) => {
    for (const [index, situation] of situations.entries()) await bring(scene, `m${index}`, situation);
    for (const restarted of [false, true]) {
      await expectCountsToAddUp(scene);
      for (const [index, situation] of situations.entries()) {
        const state = restarted && situation === 'delivering' ? scene.afterRestart : stateOf(situation);
        const ids = (await listed(scene, { state })).map(({ id }) => id);
        isTrue(ids.includes(`m${index}`), `list of ${state} shows the entry that is ${situation}, found ${ids.join(', ')}`);
      }
      await scene.reopen();
    }
  });

  test('counts add up after every kind of change', async (scene) => {
    for (const [index, situation] of situations.entries()) await bring(scene, `m${index}`, situation);
    const all = situations.map((_, index) => `m${index}`);
    for (const verb of ['hold', 'release', 'requeue', 'cancel', 'requeue', 'purge'] as const) {
      await scene.storage[verb](all);
      await expectCountsToAddUp(scene);
    }
    for (const kind of ['probe', 'deliver'] as const) {
      for (const { token } of await scene.claim({ kind, ignorePickup: true })) {
        await scene.settle({ token, to: 'dead', sent: 'no', reason });
      }
    }
    await expectCountsToAddUp(scene);
  });

  test('list shows what get shows, filtered by state or lane where asked', async (scene) => {
    await scene.append('m1', scene.entry('m2', { lane: 'b' }), scene.entry('m3', { lane: 'b' }));
    await scene.storage.hold(['m2']);
    const ids = async (query?: SpoolQuery) => (await listed(scene, query)).map(({ id }) => id).sort();
    equal(await ids(), ['m1', 'm2', 'm3'], 'all');
    equal(await ids({ lane: 'b' }), ['m2', 'm3'], 'of lane b');
    equal(await ids({ state: 'spooled' }), ['m1', 'm3'], 'spooled');
    equal(await ids({ state: 'held', lane: 'b' }), ['m2'], 'held in lane b');
    equal(await ids({ state: 'held', lane: 'a' }), [], 'held in another lane');
    for (const entry of await listed(scene)) equal(entry, await scene.get(entry.id), `${entry.id}, listed`);
  });

  test('a storage that reports its size reports more after more is appended', async (scene) => {
    const before = await scene.storage.usage?.();
    if (before === undefined) return;
    const { message } = scene.entry('m');
    const texts = Array.from({ length: 50 }, (_, index) => {
      const text = `${index}`.repeat(20_000).slice(0, 20_000);
      return scene.entry(`m${index}`, { weight: 20_000, message: { ...message, text } });
    });
    await scene.append(...texts);
    const after = await scene.storage.usage?.();
    const grown = (after?.bytes ?? 0) - before.bytes;
    isTrue(grown >= 800_000 && grown < 5_000_000, `a million bytes of text take about a million bytes, found ${grown}`);
    await scene.reopen();
    const reopened = (await scene.storage.usage?.())?.bytes ?? 0;
    isTrue(reopened - before.bytes >= 800_000, `the same after a restart, found ${reopened - before.bytes}`);
  });

  test('more than a thousand entries are listed as a stream, each once, and the reader may stop at any time', async (scene) => {
    const ids = Array.from({ length: 1_200 }, (_, index) => `m${String(index).padStart(4, '0')}`);
    for (let from = 0; from < ids.length; from += 500) await scene.append(...ids.slice(from, from + 500));
    equal((await listed(scene)).map(({ id }) => id).sort(), ids, 'ids');
    let read = 0;
    for await (const entry of scene.storage.list()) {
      isTrue(entry.message !== undefined, `${entry.id} comes with its message`);
      read += 1;
      if (read === 10) break;
    }
    equal((await scene.storage.counts()).spooled, ids.length, 'spooled');
  });

  test('entries may change, come and go while they are listed: those that stay are shown once', async (scene) => {
    const ids = Array.from({ length: 300 }, (_, index) => `m${String(index).padStart(3, '0')}`);
    await scene.append(...ids);
    const seen: string[] = [];
    for await (const { id } of scene.storage.list()) {
      seen.push(id);
      if (seen.length === 10) await scene.append('new');
      if (seen.length === 20) await scene.storage.hold(ids);
      if (seen.length === 30) await scene.storage.release(ids);
      if (seen.length === 40) {
        await scene.storage.cancel(['m299']);
        await scene.storage.purge(['m299']);
      }
    }
    const stayed = ids.slice(0, -1);
    equal(
      stayed.map((id) => seen.filter((one) => one === id).length).filter((times) => times !== 1),
      [],
      'how often entries that stayed were shown, where that is not once',
    );
    isTrue(seen.filter((id) => id === 'new').length <= 1, 'what came meanwhile is shown once at most');
  });

  test('an entry requeued while it is listed is not shown again', async (scene) => {
    for (const id of ['m1', 'm2', 'm3']) await bring(scene, id, 'dead');
    const seen: string[] = [];
    for await (const { id } of scene.storage.list({ state: 'dead' })) {
      seen.push(id);
      await scene.storage.requeue([id]);
    }
    equal(seen.sort(), ['m1', 'm2', 'm3'], 'entries');
    equal((await scene.storage.counts()).spooled, 3, 'spooled');
  });
}

async function listed(scene: Scene, query?: SpoolQuery): Promise<SpoolEntry[]> {
  const entries: SpoolEntry[] = [];
  for await (const entry of scene.storage.list(query)) entries.push(entry);
  return entries;
}
