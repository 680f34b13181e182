import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileSpool } from '../../src/file.ts';
import { PostgresSpool } from '../../src/postgres.ts';
import { SqliteSpool } from '../../src/sqlite.ts';
import { startExchangeSimulator } from '../../src/testing.ts';

const { withResolvers } = Promise;
beforeEach(() => void Reflect.deleteProperty(Promise, 'withResolvers'));
afterEach(
  () => void Object.defineProperty(Promise, 'withResolvers', { value: withResolvers, writable: true, configurable: true }),
);

it.each<readonly [string, () => unknown]>([
  ['FileSpool', () => new FileSpool({ root: '/never' })],
  ['SqliteSpool', () => new SqliteSpool({ path: '/never/spool.db' })],
  [
    'PostgresSpool',
    () => new PostgresSpool({ pool: { connect: () => Promise.reject(new Error('never')), query: () => undefined } as never }),
  ],
  ['startExchangeSimulator()', () => startExchangeSimulator({ mailboxes: ['alice@contoso.test'] })],
])('%s names the Node that is needed, on Node 20', async (owner, create) => {
  // What else would be told there: "Promise.withResolvers is not a function", by the first call that waits.
  const message = `${owner} needs Node 22.13 or newer; this is Node ${process.versions.node}.`;
  await expect((async () => create())()).rejects.toMatchObject({ code: 'OPTION_INVALID', message });
});
