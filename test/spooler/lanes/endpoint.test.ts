import { describe, expect, it } from 'vitest';
import { away, blocked, busy, deferred, delivered, lanes, quarter, reason, refused } from './parts.ts';

describe('an endpoint', () => {
  it('that is unreachable closes all its mailboxes, and lets one of them try', async () => {
    const { all, clock, told, record, admissions } = lanes();
    admissions('a1', 'a2', 'b');
    await record('a1', deferred('endpoint', away));
    expect(told).toEqual([['unavailable', 'A', { code: 'ENDPOINT_UNREACHABLE', text: 'No connection.' }, 2_500]]);
    expect([admissions('a1', 'a2', 'b'), all.nextChange(), all.mayGoOn('a2')]).toEqual([
      ['closed', 'closed', 'open'],
      2_500,
      false,
    ]);
    await clock.advance(2_500);
    expect(all.trials()).toEqual([{ lanes: ['a1', 'a2'], first: 'probe' }]);
    const end = all.begin('a2', 'probe');
    expect([admissions('a1', 'a2'), all.trials()]).toEqual([['closed', 'closed'], []]);
    end();
    expect(all.trials()).toEqual([{ lanes: ['a1', 'a2'], first: 'deliver' }]);
    await record('a2', delivered);
    expect([admissions('a1', 'a2'), told.at(-1)]).toEqual([
      ['open', 'open'],
      ['available', 'A'],
    ]);
  });

  it('reports its next trial in whole ms, even with a fractional clock', async () => {
    const { clock, told, record } = lanes();
    await clock.advance(3_000.1);
    await record('a', deferred('endpoint', away));
    expect(told.map((event) => event.at(-1))).toEqual([2_500]);
  });

  it('reports once that it is unreachable, for however long', async () => {
    const { clock, told, record } = lanes();
    for (let n = 0; n < 3; n++) {
      await record('a', deferred('endpoint', away));
      await clock.advance(60_000);
    }
    expect(told.map(([name]) => name)).toEqual(['unavailable']);
  });

  it('is left alone as long as it asked, even if earlier requests succeed', async () => {
    const { all, clock, told, record, admissions } = lanes();
    await record('a', deferred('endpoint', busy, 60_000));
    expect(told).toEqual([['unavailable', 'A', reason, 60_000]]);
    all.record('a', delivered, clock.monotonic() - 5);
    expect(admissions('a')).toEqual(['closed']);
    await clock.advance(60_000);
    expect(admissions('a')).toEqual(['trial']);
  });

  it('that refuses everyone is blocked for retry.blockedInterval, and reopened by any answer', async () => {
    const { all, clock, told, record, admissions } = lanes();
    await record('a', blocked('endpoint'));
    expect(told).toEqual([['unavailable', 'A', reason, quarter]]);
    await clock.advance(5);
    all.recordProbe('a', { status: 'pending' }, clock.monotonic());
    expect(admissions('a')).toEqual(['open']);
  });

  it('and a mailbox have separate circuits, and the mailbox is tried alone', async () => {
    const { all, clock, record } = lanes();
    await record('a1', blocked('mailbox', refused));
    await record('a2', blocked('mailbox', refused));
    await clock.advance(quarter);
    expect(all.trials()).toEqual([
      { lanes: ['a1'], first: 'probe' },
      { lanes: ['a2'], first: 'probe' },
    ]);
    all.begin('a1', 'probe')();
    expect(all.trials()).toContainEqual({ lanes: ['a1'], first: 'deliver' });
  });

  it('that keeps copies of notes it failed to send gets one note per request', () => {
    const { all } = lanes();
    expect(all.isOneByOne('a1')).toBe(false);
    all.keptCopyAfterFault('a1');
    expect(['a1', 'a2', 'b'].map((name) => all.isOneByOne(name))).toEqual([true, true, false]);
    all.begin('a1', 'deliver')();
    all.begin('a2', 'deliver')();
    expect(all.isOneByOne('a1')).toBe(true);
  });
});

describe('a probe', () => {
  it('that was inconclusive affects mailbox and endpoint as a delivery would', async () => {
    const { all, clock, told } = lanes();
    await clock.advance(5);
    all.recordProbe('a', { status: 'unknown', error: away }, clock.monotonic());
    expect(told[0]?.slice(0, 2)).toEqual(['unavailable', 'A']);
    all.recordProbe('b', { status: 'unknown', error: refused }, clock.monotonic());
    expect(told[1]?.slice(0, 2)).toEqual(['blocked', 'b']);
  });
});
