/** The pauses of operators, as known to one process: never older than a poll interval, and its own pauses at once. */
import { describe, expect, it } from 'vitest';
import type { Pause, SpoolAdmin } from '../../../src/spool/admin/contract.ts';
import { Pauses, pausesOf } from '../../../src/spooler/lanes/obstacles.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';

const poll = 30_000;
const of = (lane: string | undefined, since = 0): Pause => ({ ...(lane === undefined ? {} : { lane }), by: 'operator', since });

function scene(paused: readonly Pause[] = []) {
  const clock = new ManualClock();
  const state = { paused, asked: 0, meanwhile: () => {} };
  const admin = {
    paused: async () => {
      state.asked += 1;
      const { paused } = state;
      state.meanwhile();
      return paused;
    },
  };
  return { clock, state, pauses: new Pauses({ admin: admin as unknown as SpoolAdmin }, clock, poll) };
}

describe('reading the pauses from the spool', () => {
  it('happens twice per poll interval, however often it is refreshed', async () => {
    const { clock, state, pauses } = scene();
    await pauses.refresh();
    await pauses.refresh();
    await clock.advance(poll / 2 - 1);
    await pauses.refresh();
    expect(state.asked).toBe(1);
    await clock.advance(1);
    await pauses.refresh();
    expect(state.asked).toBe(2);
  });

  it('happens at once when they are reported as changed, even during a read', async () => {
    const { state, pauses } = scene();
    await pauses.refresh();
    pauses.forget();
    state.meanwhile = () => pauses.forget();
    await pauses.refresh();
    state.meanwhile = () => {};
    await pauses.refresh();
    await pauses.refresh();
    expect(state.asked).toBe(3);
  });

  it('never happens if the spool has no pauses', async () => {
    const pauses = new Pauses({}, new ManualClock(), poll);
    await pauses.refresh();
    expect([pauses.known, pauses.lanes, pauses.all]).toEqual([[], [], false]);
  });

  it('passes a rejection on: then nothing may be claimed', async () => {
    const broken = { paused: () => Promise.reject(new Error('gone')) } as unknown as SpoolAdmin;
    await expect(new Pauses({ admin: broken }, new ManualClock(), poll).refresh()).rejects.toThrow('gone');
  });
});

describe('the paused mailboxes', () => {
  it('are none before the spool was read', () => {
    const { pauses } = scene([of('a')]);
    expect([pauses.known, pauses.lanes, pauses.all, pauses.includes('a')]).toEqual([[], [], false, false]);
  });

  it('can be single mailboxes by name', async () => {
    const { pauses } = scene([of('a'), of('b')]);
    await pauses.refresh();
    expect([pauses.lanes, pauses.all]).toEqual([['a', 'b'], false]);
    expect(['a', 'b', 'c'].map((lane) => pauses.includes(lane))).toEqual([true, true, false]);
    expect(pauses.known).toEqual([of('a'), of('b')]);
  });

  it('can be all mailboxes, then without names', async () => {
    const { pauses } = scene([of(undefined)]);
    await pauses.refresh();
    expect([pauses.lanes, pauses.all, pauses.includes('c')]).toEqual([[], true, true]);
  });

  it('are the same list until it changes, so that spools can tell', async () => {
    const { state, pauses } = scene([of('a'), of('b')]);
    const lanesAfter = async (paused: readonly Pause[]): Promise<readonly string[]> => {
      state.paused = paused;
      pauses.forget();
      await pauses.refresh();
      return pauses.lanes;
    };
    const first = await lanesAfter([of('a'), of('b')]);
    expect(await lanesAfter([of('b', 5), of('a', 7)])).toBe(first);
    expect(await lanesAfter([of('a'), of('c')])).toEqual(['a', 'c']);
    expect(await lanesAfter([of('a')])).toEqual(['a']);
    expect(await lanesAfter([of('a'), of('d')])).toEqual(['a', 'd']);
    expect(await lanesAfter([])).toEqual([]);
  });
});

describe('the duration of pauses', () => {
  it('is reported for all mailboxes and for each by name', async () => {
    const { clock, pauses } = scene();
    const now = clock.now();
    const other = scene([of(undefined, now - 5_000), of('a', now - 7_000), of('b', now + 9_000)]);
    await other.pauses.refresh();
    expect(pauses.closedFor()).toEqual({ all: undefined, lanes: [] });
    expect(other.pauses.closedFor()).toEqual({
      all: 5_000,
      lanes: [
        { lane: 'a', closedFor: 7_000 },
        // By a clock ahead of this one.
        { lane: 'b', closedFor: 0 },
      ],
    });
  });
});

it('the pause of all mailboxes takes precedence over that of each', () => {
  expect(pausesOf([of('a'), of(undefined)], 'a')).toEqual([of(undefined), of('a')]);
  expect(pausesOf([of('b'), of('a')], 'a')).toEqual([of('a')]);
  expect(pausesOf([of('b')], 'a')).toEqual([]);
  expect(pausesOf([], 'a')).toEqual([]);
});
