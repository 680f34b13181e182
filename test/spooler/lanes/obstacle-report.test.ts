/** What a process tells operators of the mailboxes and servers that it can't use: when something changed, and often enough to stay true. */
import { expect, it } from 'vitest';
import type { SpoolerParts } from '../../../src/spooler/context.ts';
import { ObstacleReport, type Obstacles } from '../../../src/spooler/lanes/obstacles.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';

const poll = 30_000;

function scene() {
  const clock = new ManualClock();
  const openSince = clock.monotonic();
  const reports: { readonly at: number; readonly lanes: readonly string[] }[] = [];
  const state = { lanes: ['a', 'b', 'c'], open: true, audits: 0 };
  const admin = {
    report: async ({ obstacles }: { readonly obstacles: readonly { readonly lanes: readonly string[] }[] }) => {
      reports.push({ at: clock.monotonic() - openSince, lanes: obstacles.flatMap(({ lanes }) => lanes) });
    },
    audit: async () => {
      state.audits += 1;
      return [];
    },
  };
  const obstacles = (): Obstacles => {
    const openFor = clock.monotonic() - openSince;
    const nextIn = Math.max(0, 900_000 - openFor);
    const away = { endpoint: 'mail', lanes: [...state.lanes], nextIn, openFor, reason: undefined };
    return { blocked: [], unavailable: state.open ? [away] : [] };
  };
  const parts = { storage: { admin }, options: { pollInterval: poll }, owner: 'me', clock, trace: { warn: expect.unreachable } };
  const report = new ObstacleReport(parts as unknown as SpoolerParts, { obstacles, retryNow: () => undefined });
  const scan = async (): Promise<void> => {
    await report.scan();
    await clock.advance(poll);
  };
  return { reports, scan, state };
}

it('the names of all mailboxes are written when something changed, else every second poll; operators are heard at each', async () => {
  const { reports, scan, state } = scene();
  for (let polls = 0; polls < 6; polls++) await scan();
  expect(reports.map(({ at }) => at / poll)).toEqual([0, 2, 4]);
  expect(state.audits).toBe(6);
  // In the poll after a report.
  await scan();
  state.lanes.push('d');
  await scan();
  expect(reports.map(({ at }) => at / poll)).toEqual([0, 2, 4, 6, 7]);
  expect(reports.at(-1)?.lanes).toEqual(['a', 'b', 'c', 'd']);
});

it('a report is never older than two polls, and is taken back at once when there is nothing to tell', async () => {
  const { reports, scan, state } = scene();
  await scan();
  state.open = false;
  for (let polls = 0; polls < 3; polls++) await scan();
  expect(reports.map(({ at, lanes }) => [at / poll, lanes.length])).toEqual([
    [0, 3],
    [1, 0],
  ]);
});
