import { describe, expect, it } from 'vitest';
import type { ClaimToken } from '../../src/spool/contract.ts';
import { Leases } from '../../src/spooler/leases.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';

/** Leases over a storage whose renewals take as long as the test likes. */
function slowRenewals() {
  const clock = new ManualClock();
  const renewals: { readonly tokens: readonly ClaimToken[]; answer(lost: readonly ClaimToken[]): void }[] = [];
  const renew = (tokens: readonly ClaimToken[]): Promise<readonly ClaimToken[]> =>
    new Promise((resolve) => renewals.push({ tokens, answer: resolve }));
  const leases = new Leases({ clock, storage: { renew }, lease: 120_000, renewEvery: 30_000, onTrouble: () => undefined });
  return { clock, leases, renewals };
}

describe('leases', () => {
  it('settled while their renewal is on its way are not renewed for ever', async () => {
    const { clock, leases, renewals } = slowRenewals();
    leases.add(['a'], 0);
    await clock.advance(30_000);
    leases.remove(['a']);
    renewals[0]?.answer(['a']);
    await clock.advance(300_000);
    expect(renewals).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('are not renewed after close(), though a renewal was on its way and the work has not ended', async () => {
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
