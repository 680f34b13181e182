import { describe, expect, it } from 'vitest';
import type { Draft } from '../model/messages.ts';
import { sendNew } from '../model/sending.ts';
import { hour, minute, second } from '../model/world.ts';
import { simulateScript } from './run.ts';

const day = 24 * hour;
const draft = (name: string): Draft => ({
  to: [`sip:${name}@contoso.com`],
  from: undefined,
  conversationId: 'c1',
  expiresIn: undefined,
});

describe('the oracle allows that', () => {
  it('a message that expired while it may have been sent can arrive after a later one of its conversation', async () => {
    await simulateScript('memory', async (world) => {
      await sendNew(world, [draft('bob'), draft('carol')], false);
      const [earlier, later] = [...world.watcher.entries.keys()];
      // Both have expired when they become due.
      world.clock.setWall(world.clock.now() + day);
      world.server.wire.passages.push({ up: 50 * second, lost: 'nothing', down: 0, dies: 'no' });
      await world.clock.advance(2 * minute + 100);
      await world.restart(second);
      await world.clock.advance(10 * minute);
      expect(world.server.inOrder(world.watcher.entries.values())).toEqual([later, earlier]);
      expect(world.watcher.entries.get(earlier ?? '')?.expired).toBe(true);
    });
  });

  it('a tombstone that expired counts again after the clock was set back', async () => {
    await simulateScript('file', async (world) => {
      await sendNew(world, [draft('bob')], true);
      await world.clock.advance(20 * hour);
      // Its line keeps the segment with both.
      await sendNew(world, [draft('carol')], true);
      await world.clock.advance(5 * hour);
      await sendNew(world, [draft('carol')], true);
      const first = [...world.watcher.entries.values()][0];
      expect(first?.state).toBe('gone');
      world.clock.setWall(world.clock.now() - 3 * hour);
      await world.restart(second);
      expect(first?.state).toBe('delivered');
    });
  });
});
