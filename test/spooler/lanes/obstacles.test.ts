import { describe, expect, it } from 'vitest';
import { away, blocked, busy, deferred, lanes, quarter, reason } from './parts.ts';

describe('the reason why a mailbox waits', () => {
  it('is undefined while it is open or unknown', async () => {
    const { all, admissions } = lanes();
    expect(all.standing('a')).toBeUndefined();
    admissions('a');
    expect([all.standing('a'), all.obstacles()]).toEqual([undefined, { blocked: [], unavailable: [] }]);
  });

  it('is its block, its back-off or its endpoint: whichever lasts longer', async () => {
    const { all, clock, record } = lanes();
    await record('a', deferred('mailbox'));
    expect(all.standing('a')).toEqual({ waitingFor: 'back-off', nextIn: 2_500, reason: undefined });
    expect(all.obstacles().blocked).toEqual([]);
    await record('a', deferred('endpoint', busy, 60_000));
    expect(all.standing('a')).toEqual({ waitingFor: 'endpoint-unavailable', nextIn: 60_000, reason });
    await record('a', blocked('mailbox'));
    expect(all.standing('a')).toEqual({ waitingFor: 'mailbox-blocked', nextIn: quarter, reason });
    expect(all.obstacles()).toEqual({
      blocked: [{ lane: 'a', nextIn: quarter, openFor: 0, reason }],
      unavailable: [{ endpoint: 'A', lanes: ['a'], nextIn: 59_998, openFor: 2, reason }],
    });
    await clock.advance(quarter + 5);
    expect(all.standing('a')).toMatchObject({ nextIn: 0 });
  });
});

describe('closed lanes', () => {
  it('report since when: mailbox or endpoint closed; since ever once a trial has failed', async () => {
    const { all, clock, record, admissions } = lanes();
    admissions('a1', 'a2', 'b');
    expect(all.closedLanes()).toEqual([]);
    await record('a1', blocked('mailbox'));
    await clock.advance(998);
    await record('a2', deferred('endpoint', away));
    await clock.advance(500);
    expect(all.closedLanes()).toEqual([
      { lane: 'a1', closedFor: 1_500 },
      { lane: 'a2', closedFor: 500 },
    ]);
    await record('a2', deferred('endpoint', away));
    expect(all.closedLanes()).toEqual([
      { lane: 'a1', closedFor: Number.MAX_SAFE_INTEGER },
      { lane: 'a2', closedFor: Number.MAX_SAFE_INTEGER },
    ]);
    await record('b', blocked('mailbox'));
    await record('b', blocked('mailbox'));
    expect(all.closedLanes().at(-1)).toEqual({ lane: 'b', closedFor: Number.MAX_SAFE_INTEGER });
  });
});
