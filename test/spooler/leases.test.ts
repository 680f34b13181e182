import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { checkedClock } from '../../src/core/host-calls.ts';
import type { ClaimToken } from '../../src/spool/contract.ts';
import { Leases } from '../../src/spooler/leases.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

type Parts = ConstructorParameters<typeof Leases>[0];

function leasesOf(clock: Clock, renew: Parts['storage']['renew'], onTrouble: Parts['onTrouble'] = () => undefined): Leases {
  return new Leases({ clock, storage: { renew }, lease: 120_000, renewEvery: 30_000, onTrouble });
}

/** Leases over a storage whose renewals take as long as the test specifies. */
function slowRenewals() {
  const clock = new ManualClock();
  const renewals: { readonly tokens: readonly ClaimToken[]; answer(lost: readonly ClaimToken[]): void }[] = [];
  const renew = (tokens: readonly ClaimToken[]): Promise<readonly ClaimToken[]> =>
    new Promise((resolve) => renewals.push({ tokens, answer: resolve }));
  const troubles: unknown[] = [];
  const leases = leasesOf(clock, renew, (error) => error !== undefined && troubles.push(error));
  return { clock, leases, renewals, troubles };
}

describe('leases', () => {
  it('settled during a renewal are not renewed forever', async () => {
    const { clock, leases, renewals } = slowRenewals();
    leases.add(['a'], 0);
    await clock.advance(30_000);
    leases.remove(['a']);
    renewals[0]?.answer(['a']);
    await clock.advance(300_000);
    expect(renewals).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('are not renewed after close(), even if a renewal was running and the work has not ended', async () => {
    const { clock, leases, renewals } = slowRenewals();
    leases.add(['a'], 0);
    await clock.advance(30_000);
    leases.close();
    renewals[0]?.answer([]);
    await clock.advance(300_000);
    expect(renewals).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});

describe('the remaining lease time', () => {
  it('is that of the lease that ends first; nothing for an unknown one', async () => {
    const { clock, leases } = slowRenewals();
    leases.add(['a'], clock.monotonic());
    await clock.advance(1_000);
    leases.add(['b'], clock.monotonic());
    expect([leases.left(['a']), leases.left(['b']), leases.left(['b', 'a']), leases.left([])]).toEqual([
      119_000,
      120_000,
      119_000,
      Number.POSITIVE_INFINITY,
    ]);
    expect(leases.left(['unheard of'])).toBe(Number.NEGATIVE_INFINITY);
  });

  it('counts from the start of the renewal, for notes still in progress; nothing for lost ones', async () => {
    const { clock, leases, renewals } = slowRenewals();
    leases.add(['a', 'b', 'c'], clock.monotonic());
    await clock.advance(30_000);
    expect(renewals[0]?.tokens).toEqual(['a', 'b', 'c']);
    await clock.advance(5_000);
    leases.remove(['c']);
    renewals[0]?.answer(['b', 'c']);
    await clock.advance(0);
    expect([leases.left(['a']), leases.left(['b']), leases.left(['c'])]).toEqual([
      115_000,
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
    ]);
    await clock.advance(30_000);
    expect(renewals[1]?.tokens).toEqual(['a', 'b']);
  });

  it('shrinks while the machine sleeps, although its monotonic clock stands still, and is whole again after a renewal', async () => {
    const { clock, leases, renewals } = slowRenewals();
    leases.add(['a'], leases.now());
    await clock.advance(20_000);
    clock.setWall(clock.now() + 3_600_000);
    expect(leases.left(['a'])).toBe(100_000 - 3_600_000);
    await clock.advance(10_000);
    renewals[0]?.answer([]);
    await clock.advance(0);
    expect(leases.left(['a'])).toBe(120_000);
    leases.close();
  });

  it('of what was claimed or renewed before a sleep is counted from before, though the answer came after', async () => {
    const { clock, leases, renewals } = slowRenewals();
    const claimedAt = leases.now();
    clock.setWall(clock.now() + 600_000);
    leases.add(['a'], claimedAt);
    expect(leases.left(['a'])).toBe(120_000 - 600_000);
    await clock.advance(30_000);
    clock.setWall(clock.now() + 600_000);
    renewals[0]?.answer([]);
    await clock.advance(0);
    expect(leases.left(['a'])).toBe(120_000 - 600_000);
    leases.close();
  });

  it('is never more for a wall clock that is set back, nor for one that runs unevenly', async () => {
    const { clock, leases } = slowRenewals();
    leases.add(['a'], leases.now());
    clock.setWall(clock.now() - 3_600_000);
    expect(leases.left(['a'])).toBe(120_000);
    for (const step of [900, -900, 900, -900, 900]) {
      clock.setWall(clock.now() + step);
      expect(leases.left(['a'])).toBe(120_000);
    }
    leases.close();
  });

  it('grows only for those that were renewed, where the storage of the others failed', async () => {
    const clock = new ManualClock();
    const renew = async () => {
      throw new OfflineImError('SPOOL_FAILED', 'A shard failed.', {
        details: { renewed: ['b', 'unheard of', 7], lost: ['c', 'never claimed'] },
      });
    };
    const leases = leasesOf(clock, renew);
    leases.add(['a', 'b', 'c'], leases.now());
    await clock.advance(90_000);
    const left = ['a', 'b', 'c', 'unheard of'].map((token) => leases.left([token]));
    expect(left).toEqual([30_000, 120_000, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    leases.close();
  });

  it.each(['renewed', 'lost'])('survives an error whose %s can’t be read', async (name) => {
    const clock = new ManualClock();
    const hostile = new Proxy([], {
      get() {
        throw new Error('No.');
      },
    });
    const renew = async () => Promise.reject(Object.assign(new Error('A shard failed.'), { details: { [name]: hostile } }));
    const troubles: unknown[] = [];
    const leases = leasesOf(clock, renew, (error) => void troubles.push(error));
    leases.add(['a'], leases.now());
    await clock.advance(60_000);
    expect([troubles.length, leases.left(['a'])]).toEqual([2, 60_000]);
    leases.close();
  });

  it('is nothing for a lost or an unknown lease by a clock whose monotonic time is negative, too', async () => {
    const clock = new ManualClock();
    const host = { now: () => clock.now(), monotonic: () => clock.monotonic() - 1e9, setTimer: clock.setTimer.bind(clock) };
    const renew = async () => ['a'];
    const leases = leasesOf(host, renew);
    leases.add(['a', 'b'], leases.now());
    await clock.advance(30_000);
    expect([leases.left(['a']), leases.left(['b']), leases.left(['unheard of'])]).toEqual([
      Number.NEGATIVE_INFINITY,
      120_000,
      Number.NEGATIVE_INFINITY,
    ]);
    leases.close();
  });

  it.each([9e15, 1e22, Number.MAX_VALUE])('is as before after the wall clock of the host has once said %s', async (wrong) => {
    const clock = new ManualClock();
    let said: number | undefined;
    const now = () => {
      const value = said ?? clock.now();
      said = undefined;
      return value;
    };
    const host = checkedClock({ now, monotonic: () => clock.monotonic(), setTimer: clock.setTimer.bind(clock) }, () => undefined);
    const renew = async () => [];
    const leases = leasesOf(host, renew);
    said = wrong;
    leases.now();
    leases.add(['a'], leases.now());
    expect(leases.left(['a'])).toBe(120_000);
    leases.close();
  });

  it('is renewed every renewEvery, one renewal at a time', async () => {
    const { clock, leases, renewals } = slowRenewals();
    leases.add(['a'], 0);
    await clock.advance(20_000);
    leases.add(['b'], clock.monotonic());
    await clock.advance(9_999);
    expect(renewals).toHaveLength(0);
    await clock.advance(1);
    expect(renewals).toHaveLength(1);
    leases.add(['c'], clock.monotonic());
    await clock.advance(90_000);
    expect(renewals).toHaveLength(1);
    renewals[0]?.answer([]);
    await clock.advance(30_000);
    expect(renewals).toHaveLength(2);
  });

  it('needs no timer if nothing is in progress', async () => {
    const { clock, leases } = slowRenewals();
    leases.add(['a'], 0);
    leases.add(['b'], 0);
    leases.remove(['a']);
    expect(clock.pending).toBe(1);
    leases.remove(['b']);
    expect(clock.pending).toBe(0);
  });

  it('needs no timer after close() either: no renewal reaches a closed storage', async () => {
    const { clock, leases, renewals } = slowRenewals();
    leases.add(['a'], 0);
    leases.close();
    await clock.advance(30_000);
    expect([renewals, clock.pending]).toEqual([[], 0]);
  });
});

it('a failed renewal, or a lost lease, is reported, and the next renewal follows', async () => {
  const clock = new ManualClock();
  const troubles: unknown[] = [];
  const answers: (readonly ClaimToken[] | Error)[] = [new Error('disk full'), ['a'], []];
  const renew = async (): Promise<readonly ClaimToken[]> => {
    const answer = answers.shift() ?? [];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const onTrouble = (...trouble: unknown[]) => troubles.push(trouble);
  const leases = new Leases({ clock, storage: { renew }, lease: 120_000, renewEvery: 30_000, onTrouble });
  leases.add(['a'], 0);
  await clock.advance(90_000);
  expect(troubles).toEqual([
    [expect.objectContaining({ message: 'disk full' }), []],
    [undefined, ['a']],
  ]);
  leases.close();
});

it.each([undefined, null, 'a', {}, 5])('a renewal that returns %j renews nothing, and is reported', async (answer) => {
  const clock = new ManualClock();
  const troubles: unknown[] = [];
  const renew = async () => answer as never;
  const onTrouble = (error: unknown) => troubles.push(error);
  const leases = new Leases({ clock, storage: { renew }, lease: 120_000, renewEvery: 30_000, onTrouble });
  leases.add(['a'], 0);
  await clock.advance(30_000);
  expect(leases.left(['a'])).toBe(90_000);
  expect(troubles).toMatchObject([{ code: 'SPOOL_FAILED' }]);
  leases.close();
});

it('a renewal that is never answered keeps no later claim from being renewed, and is reported', async () => {
  const { clock, leases, renewals, troubles } = slowRenewals();
  leases.add(['a'], clock.monotonic());
  await clock.advance(149_000);
  expect(renewals).toHaveLength(1);
  leases.add(['b'], clock.monotonic());
  await clock.advance(1_000);
  expect(renewals.map(({ tokens }) => tokens)).toEqual([['a'], ['a', 'b']]);
  renewals[1]?.answer(['a']);
  await clock.advance(0);
  expect(leases.left(['b'])).toBe(120_000);
  renewals[0]?.answer([]);
  await clock.advance(0);
  expect(leases.left(['b'])).toBe(120_000);
  expect(troubles).toMatchObject([{ code: 'SPOOL_FAILED', message: expect.stringContaining('has not returned') }]);
  leases.close();
});
