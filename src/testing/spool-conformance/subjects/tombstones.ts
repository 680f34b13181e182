import type { AppendResult } from '../../../spool/contract.ts';
import { equal } from '../assert.ts';
import type { Scene, Test } from '../scene.ts';
import { bring } from '../states.ts';

const ends = ['delivered', 'cancelled'] as const;

export function tombstoneTests(test: Test): void {
  for (const end of ends) {
    test(`the id of a ${end} message is a duplicate until its tombstone expires, then a new message`, async (scene) => {
      await bring(scene, 'm', end);
      await scene.advance(18);
      await scan(scene);
      const again = await repeat(scene, 'again');
      equal(again.status, 'duplicate', 'before the time is over');
      equal('entries' in again ? again.entries.map(({ id, state }) => [id, state]) : [], [['m', end]], 'the first entries');
      await scene.advance(3);
      await scan(scene);
      equal(await scene.storage.get('m'), undefined, 'the tombstone');
      equal((await repeat(scene, 'again')).status, 'appended', 'after it');
      await scene.expectState('again', 'spooled');
    });

    test(`a ${end} message is remembered across a restart`, async (scene) => {
      await bring(scene, 'm', end);
      const before = await scene.get('m');
      await scene.reopen();
      equal((await repeat(scene, 'again')).status, 'duplicate', 'status');
      equal(await scene.get('m'), before, 'the tombstone');
    });

    test(`a ${end} message whose tombstone has expired is forgotten at a restart`, async (scene) => {
      await bring(scene, 'm', end);
      await scene.storage.close();
      await scene.advance(21);
      await scene.reopen();
      await scan(scene);
      equal((await repeat(scene, 'again')).status, 'appended', 'status');
    });
  }

  test('reusing the id of a finished message with other content is a conflict while it is remembered', async (scene) => {
    await bring(scene, 'm', 'delivered');
    const [result] = await scene.storage.append([scene.entry('other', { messageId: 'm', contentHash: 'other', lane })]);
    equal(result, { messageId: 'm', status: 'conflict' }, 'result');
  });

  test('a dead message is kept until it is purged', async (scene) => {
    await bring(scene, 'm', 'dead');
    await scene.advance(50);
    await scan(scene);
    await scene.reopen();
    equal((await scene.expectState('m', 'dead')).message, scene.entry('m').message, 'the message');
    equal((await repeat(scene, 'again')).status, 'duplicate', 'status');
  });

  test('the id of a purged message is a duplicate until its tombstone expires', async (scene) => {
    await bring(scene, 'm', 'dead');
    await scene.advance(5);
    await scene.storage.purge(['m']);
    await scene.reopen();
    equal((await repeat(scene, 'again')).status, 'duplicate', 'right after the purge');
    await scene.advance(21);
    await scan(scene);
    equal((await repeat(scene, 'again')).status, 'appended', 'after its time');
  });

  test('a message is remembered until the tombstone of its last entry expires', async (scene) => {
    const hash = { messageId: 'M', contentHash: 'h' };
    await scene.append(scene.entry('m1', hash), scene.entry('m2', { ...hash, audience: 'federated' }));
    await scene.storage.cancel(['m1']);
    await scene.advance(25);
    await scan(scene);
    equal(
      (await scene.storage.findMessage('M')).map(({ id }) => id),
      ['m1', 'm2'],
      'entries while one waits',
    );
    await scene.storage.cancel(['m2']);
    await scene.advance(18);
    await scan(scene);
    const [result] = await scene.storage.append([scene.entry('m3', hash)]);
    equal(result?.status, 'duplicate', 'before the time of the last is over');
    await scene.advance(3);
    await scan(scene);
    equal(await scene.storage.findMessage('M'), [], 'entries after it');
  });
}

/** Where {@link bring} has put the message: a repetition comes from the same mailbox. */
const lane = 'lane of m';

/** What the spooler does every scan interval; storages may forget tombstones then, and when they are opened. */
async function scan({ storage }: Scene): Promise<void> {
  await storage.expire({ owner: 'this run', closedLanes: [], reason: { code: 'EXPIRED', text: 'too late' } });
}

async function repeat(scene: Scene, id: string): Promise<AppendResult> {
  const [result] = await scene.storage.append([scene.entry(id, { messageId: 'm', contentHash: 'hash of m', lane })]);
  if (result === undefined) throw new Error('the append gave no result');
  return result;
}
