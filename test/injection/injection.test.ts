import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { inject } from './process.ts';

/** Some of the places where the code uses the platform; the long tests run all of them. Each scene is a process that mostly waits. */
it.concurrent.each([
  ['memory', 'ews', 10],
  ['file', 'graph', 48],
  ['sqlite', 'ntlm', 48],
] as const)(
  'a call that fails or reports an error beneath %s and %s ends no process, and loses or duplicates nothing',
  async (storage, carrier, every) => {
    const { tried, complaints } = await inject({ storage, carrier, every, errands: true });
    expect(complaints).toEqual([]);
    expect(tried).toBeGreaterThan(3);
  },
);

it('a run whose trace is written slowly ends no process early: its folder is removed after it', async () => {
  const preload = pathToFileURL(join(import.meta.dirname, 'slow-trace.ts')).href;
  const { complaints } = await inject({ storage: 'memory', carrier: 'ews', only: 'no such place' }, preload);
  expect(complaints).toEqual([]);
});
