/** What a process reports to operators about mailboxes and servers that it cannot use: after each change, and often enough to stay true. */
import { expect, it } from 'vitest';
import type { AuditRecord, ProcessReport } from '../../../src/spool/admin/contract.ts';
import type { SpoolerParts } from '../../../src/spooler/context.ts';
import { ObstacleReport, type Obstacles } from '../../../src/spooler/lanes/obstacles.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';

const lost = { code: 'CONNECTION_LOST', text: 'It broke.' } as const;

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
    const away = { endpoint: 'mail', lanes: [...state.lanes], nextIn, openFor, reason: lost };
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

it('all mailbox names are written when something changed, else every second poll; operator requests are read at each', async () => {
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

it('a report is at most two polls old, and is withdrawn at once when there are no obstacles', async () => {
  const { reports, scan, state } = scene();
  await scan();
  state.open = false;
  for (let polls = 0; polls < 3; polls++) await scan();
  expect(reports.map(({ at, lanes }) => [at / poll, lanes.length])).toEqual([
    [0, 3],
    [1, 0],
  ]);
});

/** A process that cannot use a mailbox and a server, which a test changes freely. */
function telling({ pollInterval = poll, admin = {} as object | undefined } = {}) {
  const clock = new ManualClock();
  const reports: ProcessReport[] = [];
  const retried: unknown[] = [];
  const warned: unknown[] = [];
  const audit: AuditRecord[] = [];
  let obstacles: Obstacles = { blocked: [], unavailable: [] };
  const storage =
    admin === undefined
      ? {}
      : { admin: { report: async (report: ProcessReport) => void reports.push(report), audit: async () => audit, ...admin } };
  const parts = {
    storage,
    options: { pollInterval },
    owner: 'me',
    clock,
    trace: { warn: (error: unknown) => warned.push(error) },
  };
  const report = new ObstacleReport(parts as unknown as SpoolerParts, {
    obstacles: () => obstacles,
    retryNow: (lane) => retried.push(lane),
  });
  return {
    clock,
    reports,
    retried,
    warned,
    audit,
    scan: async (now: Obstacles) => {
      obstacles = now;
      await report.scan();
    },
  };
}

const refused = { code: 'AUTHENTICATION_FAILED', text: 'HTTP 401.' } as const;
const blocked = { lane: 'a', nextIn: 900_000, openFor: 5_000, reason: refused };
const unavailable = { endpoint: 'mail', lanes: ['b', 'c'], nextIn: 60_000.5, openFor: 7_000.5, reason: lost };

it('a report states for each obstacle its kind, start, reason and next trial', async () => {
  const { clock, reports, scan } = telling();
  const now = clock.now();
  await scan({ blocked: [blocked], unavailable: [unavailable] });
  expect(reports).toEqual([
    {
      owner: 'me',
      pollInterval: poll,
      now,
      obstacles: [
        { kind: 'mailbox-blocked', name: 'a', lanes: ['a'], since: now - 5_000, reason: refused, nextTrialAt: now + 900_000 },
        {
          kind: 'endpoint-unavailable',
          name: 'mail',
          lanes: ['b', 'c'],
          since: now - 7_001,
          reason: lost,
          nextTrialAt: now + 60_001,
        },
      ],
    },
  ]);
});

it.each<readonly [string, number, Obstacles]>([
  ['nothing', 0, { blocked: [blocked], unavailable: [] }],
  ['less than a poll', 0, { blocked: [{ ...blocked, openFor: blocked.openFor + poll }], unavailable: [] }],
  [
    'the time of its trial, by less than a poll',
    0,
    { blocked: [{ ...blocked, nextIn: blocked.nextIn - poll }], unavailable: [] },
  ],
  ['since when', 1, { blocked: [{ ...blocked, openFor: blocked.openFor + poll + 1 }], unavailable: [] }],
  ['when it is tried', 1, { blocked: [{ ...blocked, nextIn: blocked.nextIn + poll + 1 }], unavailable: [] }],
  ['the mailbox', 1, { blocked: [{ ...blocked, lane: 'b' }], unavailable: [] }],
  ['the code', 1, { blocked: [{ ...blocked, reason: { ...refused, code: 'EWS_ERROR' } }], unavailable: [] }],
  ['the text', 1, { blocked: [{ ...blocked, reason: { ...refused, text: 'HTTP 403.' } }], unavailable: [] }],
  ['one more', 1, { blocked: [blocked, { ...blocked, lane: 'b' }], unavailable: [] }],
  ['what it is', 1, { blocked: [], unavailable: [{ ...blocked, endpoint: 'a', lanes: ['a'] }] }],
])('after a change of %s, the next poll makes %i more reports', async (_what, more, changed) => {
  const { reports, scan } = telling();
  await scan({ blocked: [blocked], unavailable: [] });
  await scan(changed);
  expect(reports).toHaveLength(1 + more);
});

it.each([
  [['b', 'c'], 0],
  [['b', 'd'], 1],
  [['b'], 1],
  [['b', 'c', 'd'], 1],
] as const)('for the mailboxes %j of a server that had b and c, the next poll makes %i more reports', async (lanes, more) => {
  const { reports, scan } = telling();
  await scan({ blocked: [], unavailable: [unavailable] });
  await scan({ blocked: [], unavailable: [{ ...unavailable, lanes }] });
  expect(reports).toHaveLength(1 + more);
});

it('no report is made if the spool stores none, or without obstacles', async () => {
  const without = telling({ admin: undefined });
  await without.scan({ blocked: [blocked], unavailable: [] });
  expect(without.warned).toEqual([]);
  const { reports, scan } = telling();
  await scan({ blocked: [], unavailable: [] });
  expect(reports).toEqual([]);
});

it('a failed report causes a warning, and is repeated at the next poll', async () => {
  let fails = true;
  const report = async (): Promise<void> => {
    if (fails) throw new Error('the disk is full');
  };
  const { clock, warned, scan, retried, audit } = telling({ admin: { report } });
  audit.push({ at: clock.now() + 10, by: 'operator', command: 'retry-now' });
  await scan({ blocked: [blocked], unavailable: [] });
  expect([warned, retried]).toEqual([[expect.objectContaining({ message: 'the disk is full' })], []]);
  fails = false;
  await scan({ blocked: [blocked], unavailable: [] });
  expect([warned.length, retried]).toEqual([1, [undefined]]);
});

it('requests of operators are followed once each, by the clock of the storage, and only if made after this process started', async () => {
  const ahead = 40_000;
  const { clock, retried, audit, scan } = telling({ admin: { now: async () => clock.now() + ahead } });
  const stored = (after: number): number => clock.now() + ahead + after;
  const started = clock.now();
  const record = (at: number, command: string, lane?: string): AuditRecord => ({
    at,
    by: 'operator',
    command,
    ...(lane === undefined ? {} : { filter: { lane } }),
  });
  audit.push(record(stored(-1), 'retry-now', 'before'), record(stored(5_000), 'retry-now', 'a'));
  audit.push(record(stored(6_000), 'pause', 'b'), record(stored(4_000), 'retry-now'));
  await clock.advance(poll);
  expect(clock.now()).toBe(started + poll);
  const all = { blocked: [blocked], unavailable: [] };
  await scan(all);
  expect(retried).toEqual(['a', undefined]);
  await scan(all);
  audit.unshift(record(started + ahead + 5_000, 'retry-now', 'the same time'));
  audit.unshift(record(started + ahead + 5_001, 'retry-now', 'later'));
  await scan(all);
  expect(retried).toEqual(['a', undefined, 'later']);
});

it('requests of operators use the local clock if the storage has none', async () => {
  const { clock, retried, audit, scan } = telling();
  audit.push({ at: clock.now(), by: 'operator', command: 'retry-now', filter: { lane: 'before' } });
  audit.push({ at: clock.now() + 1, by: 'operator', command: 'retry-now', filter: { lane: 'after' } });
  await clock.advance(10);
  await scan({ blocked: [blocked], unavailable: [] });
  expect(retried).toEqual(['after']);
});
