/** Which mailboxes may be used, outcome by outcome, at times set by the test. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { DeliveryOutcome, Scope } from '../../../src/transport/contract.ts';
import { away, blocked, busy, deferred, delivered, lanes, quarter, reason } from './parts.ts';

describe('a mailbox', () => {
  it('is open until an obstacle is met, and closed while its maximum of requests is running', () => {
    const { all, admissions } = lanes({ concurrencyPerMailbox: 2 });
    expect(admissions('a')).toEqual(['open']);
    const end = all.begin('a', 'deliver');
    expect(admissions('a')).toEqual(['open']);
    all.begin('a', 'probe');
    expect([admissions('a'), all.notOpen(), all.shut()]).toEqual([['closed'], ['a'], ['a']]);
    end();
    expect([admissions('a'), all.notOpen(), all.shut()]).toEqual([['open'], [], []]);
  });

  it('that is blocked is closed for retry.blockedInterval, then tried; others on its server are not affected', async () => {
    const { all, clock, told, record, admissions } = lanes();
    await record('a1', blocked('mailbox'));
    expect(told).toEqual([['blocked', 'a1', reason, quarter]]);
    expect(admissions('a1', 'a2')).toEqual(['closed', 'open']);
    expect([all.notOpen(), all.shut(), all.mayGoOn('a1'), all.mayGoOn('a2')]).toEqual([['a1'], ['a1'], false, true]);
    expect([all.nextChange(), all.trials()]).toEqual([quarter, []]);
    await clock.advance(quarter - 1);
    expect([all.nextChange(), admissions('a1')]).toEqual([1, ['closed']]);
    await clock.advance(1);
    expect([all.nextChange(), admissions('a1'), all.mayGoOn('a1')]).toEqual([undefined, ['trial'], true]);
    expect([all.notOpen(), all.shut(), all.trials()]).toEqual([['a1'], [], [{ lanes: ['a1'], first: 'probe' }]]);
  });

  it('reports the earliest change of several mailboxes', async () => {
    const { all, record } = lanes();
    await record('b', blocked('mailbox'));
    await record('a', deferred('mailbox'));
    await record('c', deferred('mailbox', busy, 70_000));
    expect(all.nextChange()).toBe(2_498);
  });

  it('is reported once, and resumes when its block is over', async () => {
    const { told, record, admissions } = lanes();
    await record('a', blocked('note'));
    await record('a', delivered);
    expect(told.map(([name]) => name)).toEqual(['blocked', 'resumed']);
    expect(admissions('a')).toEqual(['open']);
  });

  it.each([
    ['login', 'AUTHENTICATION_FAILED', undefined, true],
    ['sending', 'EWS_ERROR', undefined, false],
    ['what the transport says: login', 'EWS_ERROR', 'login', true],
    ['what the transport says: sending', 'AUTHENTICATION_FAILED', 'sending', false],
  ] as const)('blocked by %s: does a probe reopen it? (%s, by %s) %s', async (_what, code, by, opens) => {
    const { all, clock, record, admissions } = lanes();
    const error = new OfflineImError(code, 'No.');
    await record('a', { status: 'blocked', scope: 'mailbox', sent: 'no', error, ...(by === undefined ? {} : { by }) });
    await clock.advance(5);
    all.recordProbe('a', { status: 'absent' }, clock.monotonic());
    expect(admissions('a')).toEqual([opens ? 'open' : 'closed']);
  });

  it('with rejected notes is open, since the server answered; rejected for its own sake, it is blocked', async () => {
    const { told, record, admissions } = lanes();
    const rejected = (scope: Scope): DeliveryOutcome => ({
      status: 'rejected',
      scope,
      splittable: false,
      draft: 'none',
      error: busy,
    });
    await record('a', rejected('note'));
    expect([admissions('a'), told]).toEqual([['open'], []]);
    await record('a', rejected('mailbox'));
    expect([admissions('a'), told]).toEqual([['closed'], [['blocked', 'a', reason, quarter]]]);
    // A rejected note proves that the login works, not that sending does.
    await record('a', rejected('note'));
    expect(admissions('a')).toEqual(['closed']);
  });

  it("that is busy waits for its own back-off, or the server's, and then opens without a trial", async () => {
    const { all, clock, told, record, admissions } = lanes();
    await record('a', deferred('mailbox'));
    expect([admissions('a'), all.nextChange(), told]).toEqual([['closed'], 2_500, []]);
    await clock.advance(2_500);
    expect(admissions('a')).toEqual(['open']);
    await record('a', deferred('mailbox', busy, 70_000));
    expect(all.nextChange()).toBe(70_000);
    await clock.advance(70_000);
    await record('a', deferred('mailbox', busy, 9e12));
    expect(all.nextChange()).toBe(3_600_000);
  });

  it('that did not answer waits too, but keeps its number of requests', async () => {
    const { all, record, clock } = lanes({ concurrencyPerMailbox: 4 });
    await record('a', { status: 'unconfirmed', scope: 'mailbox', error: busy });
    await clock.advance(10_000);
    for (let n = 0; n < 3; n++) all.begin('a', 'deliver');
    expect(all.admission('a')).toBe('open');
    await record('b', deferred('mailbox'));
    await clock.advance(10_000);
    all.begin('b', 'deliver');
    all.begin('b', 'deliver');
    expect(all.admission('b')).toBe('closed');
  });

  it('without any attempt pauses briefly, or for the reported time', async () => {
    const { all, record } = lanes();
    const notAttempted = new OfflineImError('NOT_ATTEMPTED', 'No lease left.');
    await record('a', deferred('note', notAttempted));
    expect(all.nextChange()).toBe(1_000);
    await record('b', deferred('note', notAttempted, 5_000));
    all.retryNow('a');
    expect(all.nextChange()).toBe(5_000);
  });

  it('is not affected by failures of single notes', async () => {
    const { all, record, admissions } = lanes();
    await record('a', deferred('note', busy, 70_000));
    await record('a', { status: 'unconfirmed', scope: 'note', error: busy });
    expect([admissions('a'), all.nextChange()]).toEqual([['open'], undefined]);
  });
});

describe('retryNow', () => {
  it('lets one mailbox and its endpoint be tried at once, or all', async () => {
    const { all, record, admissions } = lanes();
    for (const name of ['a1', 'a2', 'b']) await record(name, blocked('mailbox'));
    all.retryNow('a1');
    expect(admissions('a1', 'a2', 'b')).toEqual(['trial', 'closed', 'closed']);
    all.retryNow();
    expect(admissions('a1', 'a2', 'b')).toEqual(['trial', 'trial', 'trial']);
    await record('b', blocked('endpoint'));
    all.retryNow('b');
    expect(admissions('b')).toEqual(['trial']);
  });
});

describe('a mailbox without state to remember', () => {
  it('is forgotten when its last request ends', () => {
    const { all } = lanes({ notesPerClaim: 10, concurrencyPerMailbox: 4 });
    const ends = [all.begin('a', 'deliver'), all.begin('a', 'deliver')];
    expect(all.notesPerLane(100)).toBe(20);
    ends[0]?.();
    expect(all.notesPerLane(100)).toBe(30);
    ends[1]?.();
    expect(all.notesPerLane(100)).toBe(10);
  });

  it.each([
    ['is blocked', blocked('mailbox')],
    ['is busy', deferred('mailbox')],
    ['has an endpoint that is out of reach', deferred('endpoint', away)],
  ] as const)('is kept while it %s', async (_what, outcome) => {
    const { all, record, admissions } = lanes();
    const end = all.begin('a', 'deliver');
    await record('a', outcome);
    end();
    expect(admissions('a')).toEqual(['closed']);
    expect(all.nextChange()).toBeGreaterThan(0);
  });
});
