/** exchangelib (Python), unmodified, against the simulator. Debian's python3-exchangelib; skipped if it is not installed. */
import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { startExchangeSimulator } from '../../../src/testing.ts';
import { address, expected } from './exchangelib.ts';
import { expectedCalendar } from './exchangelib-calendar.ts';
import { expectedMore } from './exchangelib-more.ts';
import { runSteps, type Steps } from './run-steps.ts';

const python = '/usr/bin/python3';
const installed = spawnSync(python, ['-c', 'import exchangelib'], { timeout: 120_000 }).status === 0;

describe.skipIf(!installed)('exchangelib, unmodified', () => {
  let steps: Steps = {};
  beforeAll(async () => {
    const mailboxes = [address, 'carol@contoso.test'];
    const distributionLists = { 'team@contoso.test': mailboxes, 'everybody@contoso.test': ['team@contoso.test'] };
    await using exchange = await startExchangeSimulator({ mailboxes, distributionLists });
    steps = await runSteps(python, 'exchangelib_everyday.py', [exchange.url, address]);
  });

  it.each(Object.entries(expected))('%s', (step, result) => {
    expect(steps[step]).toEqual(result);
  });
});

describe.skipIf(!installed)('exchangelib, unmodified, further calls', () => {
  let steps: Steps = {};
  beforeAll(async () => {
    const carol = 'carol@contoso.test';
    await using exchange = await startExchangeSimulator({ mailboxes: [address, carol] });
    steps = await runSteps(python, 'exchangelib_more.py', [exchange.url, address, carol]);
  });

  it.each(Object.entries(expectedMore))('%s', (step, result) => {
    expect(steps[step]).toEqual(result);
  });
});

describe.skipIf(!installed)('exchangelib, unmodified, with a calendar', () => {
  let steps: Steps = {};
  beforeAll(async () => {
    const carol = 'carol@contoso.test';
    await using exchange = await startExchangeSimulator({ mailboxes: [address, carol] });
    steps = await runSteps(python, 'exchangelib_calendar.py', [exchange.url, address, carol]);
  });

  it.each(Object.entries(expectedCalendar))('%s', (step, result) => {
    expect(steps[step]).toEqual(result);
  });
});
