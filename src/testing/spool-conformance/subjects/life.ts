import { equal, rejects } from '../assert.ts';
import type { Scene, Test } from '../scene.ts';

/** Every operation, for a storage that is not open. */
const operations: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  append: (scene) => scene.storage.append([scene.entry('m')]),
  'claim to deliver': (scene) => scene.claim(),
  'claim to probe': (scene) => scene.claim({ kind: 'probe' }),
  renew: (scene) => scene.storage.renew(['note:1'], 1),
  settle: (scene) => scene.storage.settle([{ token: 'note:1', to: 'unclaim' }]),
  expire: (scene) => scene.storage.expire({ owner: 'o', closedLanes: [], reason: { code: 'EXPIRED', text: 'too late' } }),
  nextDue: (scene) => scene.storage.nextDue(),
  get: (scene) => scene.storage.get('m'),
  findMessage: (scene) => scene.storage.findMessage('m'),
  list: (scene) => scene.storage.list()[Symbol.asyncIterator]().next(),
  hold: (scene) => scene.storage.hold(['m']),
  release: (scene) => scene.storage.release(['m']),
  cancel: (scene) => scene.storage.cancel(['m']),
  requeue: (scene) => scene.storage.requeue(['m']),
  purge: (scene) => scene.storage.purge(['m']),
  counts: (scene) => scene.storage.counts(),
};

export function lifeTests(test: Test): void {
  for (const [name, operation] of Object.entries(operations)) {
    test(
      `${name} rejects with SPOOL_CLOSED before open() and after close()`,
      async (scene) => {
        await rejects(() => operation(scene), 'SPOOL_CLOSED', 'before open()');
        await scene.open();
        await scene.append('m');
        await scene.storage.close();
        await rejects(() => operation(scene), 'SPOOL_CLOSED', 'after close()');
        await scene.reopen();
        equal((await scene.storage.counts()).spooled, 1, 'spooled, when it is open again');
      },
      { open: false },
    );
  }

  test('opening or closing twice has no further effect', async (scene) => {
    await scene.append('m');
    await scene.open();
    equal((await scene.storage.counts()).spooled, 1, 'spooled');
    await scene.storage.close();
    await scene.storage.close();
  });

  test('close lets operations already started finish', async (scene) => {
    const appended = scene.append('m1', 'm2');
    const closed = scene.storage.close();
    await Promise.all([appended, closed]);
    await scene.reopen();
    equal((await scene.storage.counts()).spooled, 2, 'spooled');
  });

  test('a storage has a name and states its capabilities', async ({ storage }) => {
    equal(typeof storage.name === 'string' && storage.name !== '', true, 'a name');
    const { durable, shared } = storage.capabilities;
    equal([typeof durable, typeof shared], ['boolean', 'boolean'], 'capabilities');
  });
}
