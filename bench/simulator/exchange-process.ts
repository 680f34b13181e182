/** A simulator in a process of its own. Started by bench/simulator.ts with an IPC channel, over which it says its address, and does what it is told. */
import { startExchangeSimulator } from '../../src/testing/simulator/simulator.ts';
import type { Ask, Told } from './protocol.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
const began = performance.now();
const exchange = await startExchangeSimulator({
  mailboxes: [alice, bob],
  validateRequests: process.env.VALIDATE === 'yes',
  journal: { entries: 100 },
});
const started = performance.now() - began;
const tell = (told: Told): void => void process.send?.(told);

process.on('message', (ask: Ask) => {
  if (ask.do === 'seed') {
    const box = exchange.mailbox(bob);
    for (let n = 0; n < ask.items; n++) {
      const value = `tag-${n % (ask.items / 100)}`;
      box.store(ask.folder, {
        subject: `Message ${n}`,
        body: 'Are you there? '.repeat(10),
        from: { address: alice, name: 'Alice Example' },
        properties: [{ path: { type: 'String', set: ask.set, name: 'Tag' }, value }],
      });
    }
  } else exchange.reset();
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  tell({ url: exchange.url, started, heapUsed, rss });
});
process.on('disconnect', () => process.exit());
tell({ url: exchange.url, started, heapUsed: 0, rss: 0 });
