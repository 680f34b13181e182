/** The arcs out of `delivering` and `unconfirmed` (docs/states.md), without a loop, a spool or a server. */
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/core/errors/codes.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { ClaimedNote, SpoolEntry } from '../../src/spool/contract.ts';
import { type SpoolerOptions, type SpoolerSettings, spoolerSettings } from '../../src/spooler/options.ts';
import { reasonOf, settlementOf, settlementOfLostPlace, settlementOfProbe, toldByProbe } from '../../src/spooler/outcome.ts';
import type { DeliveryOutcome, ProbeResult, Scope } from '../../src/transport/contract.ts';

const failed = new OfflineImError('EWS_ERROR', 'Exchange answered with a code.', { details: { responseCode: 'ErrorX' } });
const reason = { code: 'EWS_ERROR', text: 'Exchange answered with a code.', serverCode: 'ErrorX' } as const;
const sentence = expect.stringMatching(/^[A-Z].{10,}\.$/);
const { token } = claimed();
const hour = 3_600_000;

function claimed(over: Partial<ClaimedNote> = {}): ClaimedNote {
  const frozen = { messageClass: 'IPM.Note', subject: '', wording: 1, place: { endpoint: 'e', mailbox: 'm', folder: 'f' } };
  return {
    token: 'n:1:deliver:1',
    lane: 'alice@contoso.com',
    noteId: 'n',
    attempt: 1,
    tag: 'n:1',
    frozen,
    entries: [{} as SpoolEntry],
    unknownAttempts: [],
    failures: 0,
    probes: 0,
    absences: 0,
    quietFor: 0,
    unconfirmedFor: 0,
    expired: false,
    ...over,
  };
}

function context(options: SpoolerOptions = {}): { options: SpoolerSettings; random: () => number } {
  return { options: spoolerSettings(options), random: () => 0.5 };
}

const deliver = (outcome: DeliveryOutcome, note: Partial<ClaimedNote> = {}, options: SpoolerOptions = {}) =>
  settlementOf(claimed(note), outcome, context(options));

describe('delivering', () => {
  it('→ delivered, under the class that Exchange took it as', () => {
    expect(deliver({ status: 'delivered', messageClass: 'IPM.Note' })).toEqual({
      token,
      to: 'delivered',
      messageClass: 'IPM.Note',
    });
  });

  it.each(['note', 'mailbox', 'endpoint'] as const)('→ as before the claim, when nothing was attempted (%s)', (scope) => {
    const error = new OfflineImError('NOT_ATTEMPTED', 'No lease left.');
    expect(deliver({ status: 'deferred', scope, error, retryAfter: 5 }, { failures: 3 })).toEqual({ token, to: 'unclaim' });
  });

  it('→ deferred by a failure of its own: its back-off doubles, half of it on average, at most retry.maxDelay', () => {
    const waits = [0, 1, 2, 7, 8, 500].map((failures) => {
      const settlement = deliver({ status: 'deferred', scope: 'note', error: failed }, { failures });
      return 'after' in settlement ? settlement.after : undefined;
    });
    expect(waits).toEqual([2_500, 5_000, 10_000, 320_000, 450_000, 450_000]);
    expect(deliver({ status: 'deferred', scope: 'note', error: failed })).toEqual({
      token,
      to: 'deferred',
      after: 2_500,
      failure: true,
      reason,
    });
  });

  it('→ deferred for as long as the server asks, at most retry.maxServerBackOff', () => {
    const wait = (retryAfter: number) => deliver({ status: 'deferred', scope: 'note', error: failed, retryAfter });
    expect(wait(60_000)).toMatchObject({ after: 60_000, failure: true });
    expect(wait(9_999_999)).toMatchObject({ after: hour });
    expect(wait(1)).toMatchObject({ after: 2_500 });
  });

  it.each(['mailbox', 'endpoint'] as const)(
    '→ deferred by its %s: no failure of the note, which is ready as soon as that is',
    (scope) => {
      const settlement = deliver({ status: 'deferred', scope, error: failed, retryAfter: 60_000 }, { failures: 3 });
      expect(settlement).toEqual({ token, to: 'deferred', after: 0, failure: false, reason });
    },
  );

  it('→ unconfirmed, looked for after probe.initialDelay, with how the attempt ended', () => {
    const outcome = { status: 'unconfirmed', scope: 'note', error: failed } as const;
    const settlement = { token, to: 'unconfirmed', after: 5_000, absent: false, counted: 0, ended: 'silence', reason };
    expect(deliver(outcome, { probes: 4 })).toEqual(settlement);
    expect(deliver({ ...outcome, ended: 'fault' })).toEqual({ ...settlement, ended: 'fault' });
    expect(deliver(outcome, {}, { probe: { initialDelay: 70 } })).toMatchObject({ after: 70 });
  });

  it('→ dead, when rejected', () => {
    const outcome = { status: 'rejected', scope: 'note', splittable: false, draft: 'none', error: failed } as const;
    expect(deliver(outcome)).toEqual({ token, to: 'dead', sent: 'no', reason });
    const draft = { code: 'DRAFT_LEFT', text: `${reason.text} A draft of it was left in the mailbox.`, serverCode: 'ErrorX' };
    expect(deliver({ ...outcome, draft: 'left' })).toEqual({ token, to: 'dead', sent: 'no', reason: draft });
    expect(deliver({ ...outcome, draft: 'removed' as never })).toEqual({ token, to: 'dead', sent: 'no', reason });
  });

  it('→ split, when rejected for what another member may be the cause of', () => {
    const outcome = { status: 'rejected', scope: 'note', splittable: true, draft: 'none', error: failed } as const;
    const two = { entries: [{}, {}] as SpoolEntry[] };
    expect(deliver(outcome, two)).toEqual({ token, to: 'split', reason });
    expect(deliver({ ...outcome, splittable: false }, two)).toMatchObject({ to: 'dead' });
    expect(deliver(outcome)).toMatchObject({ to: 'dead' });
    expect(deliver({ ...outcome, draft: 'left' }, two)).toMatchObject({ to: 'split', reason: { code: 'DRAFT_LEFT' } });
  });

  it('→ as before the claim, when blocked and known unsent; unconfirmed, when not known', () => {
    const outcome = { status: 'blocked', scope: 'mailbox', sent: 'no', error: failed } as const;
    expect(deliver(outcome)).toEqual({ token, to: 'unclaim' });
    const settlement = { token, to: 'unconfirmed', after: 5_000, absent: false, counted: 0, ended: 'silence', reason };
    expect(deliver({ ...outcome, sent: 'unknown' })).toEqual(settlement);
    expect(deliver({ ...outcome, sent: 'unknown', ended: 'fault' })).toEqual({ ...settlement, ended: 'fault' });
  });
});

const settled = { probes: 1, counted: 0 };
function look(
  result: ProbeResult,
  note: Partial<ClaimedNote> = {},
  history = settled,
  options: SpoolerOptions = {},
  grace?: number,
) {
  return settlementOfProbe(claimed(note), result, history, context(options), grace);
}
const place = { endpoint: 'e', mailbox: 'm', folder: 'f' };
const faulty = { unknownAttempts: [{ tag: 'n:1', place, ended: 'fault' }] } as const;

describe('unconfirmed', () => {
  it('→ delivered, when found', () => {
    expect(look({ status: 'found' })).toEqual({ token, to: 'delivered' });
  });

  it('→ dead, when only copies of attempts were found that the server had answered with an error', () => {
    const settlement = { token, to: 'dead', sent: 'unknown', reason: { code: 'COPY_AFTER_FAULT', text: sentence } };
    expect(look({ status: 'found' }, faulty)).toEqual(settlement);
    expect(look({ status: 'found' }, faulty, settled, { probe: { onCopyAfterFault: 'delivered' } })).toEqual({
      token,
      to: 'delivered',
    });
  });

  it.each([
    [true, 'STRANDED_DRAFT'],
    [false, 'DRAFT_LEFT'],
  ] as const)('→ dead, when a draft was found (removed: %s): %s', (removed, code) => {
    expect(look({ status: 'draft', removed })).toEqual({ token, to: 'dead', sent: 'no', reason: { code, text: sentence } });
  });

  it('→ unconfirmed while in the Outbox: the wait doubles with every probe, up to probe.maxDelay, without jitter', () => {
    const wait = (probes: number) => look({ status: 'pending' }, { probes }, { probes: 1, counted: 77 });
    expect(wait(0)).toEqual({
      token,
      to: 'unconfirmed',
      after: 5_000,
      absent: false,
      counted: 77,
      reason: { code: 'OUTCOME_UNKNOWN', text: sentence },
    });
    expect([1, 2, 3, 4, 900].map((probes) => (wait(probes) as { after: number }).after)).toEqual([
      10_000, 20_000, 40_000, 60_000, 60_000,
    ]);
  });

  it('→ unconfirmed, absent once: looked for again as soon as the grace period is over', () => {
    const again = { token, to: 'unconfirmed', absent: true, counted: 0, reason: { code: 'OUTCOME_UNKNOWN', text: sentence } };
    expect(look({ status: 'absent' })).toEqual({ ...again, after: 5_000 });
    expect(look({ status: 'absent' }, { quietFor: 298_000 })).toEqual({ ...again, after: 2_000 });
    expect(look({ status: 'absent' }, { quietFor: 300_000 })).toEqual({ ...again, after: 5_000 });
    expect(look({ status: 'absent' }, { quietFor: 900_000 })).toEqual({ ...again, after: 5_000 });
    expect(look({ status: 'absent' }, { quietFor: 299_000, absences: 5, probes: 9 })).toEqual({ ...again, after: 1_000 });
  });

  it('→ deferred, absent twice, the second time once the grace period is over: the same note, at once', () => {
    const unsent = { token, to: 'deferred', after: 0, failure: false, reason: { code: 'OUTCOME_UNKNOWN', text: sentence } };
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 300_000 })).toEqual(unsent);
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 299_999 })).toMatchObject({ to: 'unconfirmed' });
    expect(look({ status: 'absent' }, { absences: 0, quietFor: 300_000 })).toMatchObject({ to: 'unconfirmed' });
    expect(look({ status: 'absent' }, { absences: 2, quietFor: 300_001 })).toEqual(unsent);
  });

  it('has the grace period of its transport, where that names one', () => {
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 5_000 }, settled, {}, 5_000)).toMatchObject({ to: 'deferred' });
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 4_999 }, settled, {}, 5_000)).toMatchObject({
      to: 'unconfirmed',
      after: 1,
    });
    const options = { probe: { grace: 7_000 } };
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 7_000 }, settled, options)).toMatchObject({ to: 'deferred' });
  });

  it('→ dead, absent twice, when every member has expired', () => {
    const settlement = { token, to: 'dead', sent: 'no', reason: { code: 'EXPIRED', text: sentence } };
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 300_000, expired: true })).toEqual(settlement);
  });

  it('→ unconfirmed, when a probe could not say: with its reason, and never sooner than the server asked', () => {
    const unknown = { status: 'unknown', scope: 'note', error: failed } as const;
    const settlement = { token, to: 'unconfirmed', after: 5_000, absent: false, counted: 0, reason };
    expect(look(unknown)).toEqual(settlement);
    expect(look({ ...unknown, retryAfter: 70_000 })).toEqual({ ...settlement, after: 70_000 });
    expect(look({ ...unknown, retryAfter: 2 * hour })).toEqual({ ...settlement, after: hour });
  });

  it('backs off when probe after probe is refused, up to retry.maxDelay; what concerns all of a mailbox waits with that', () => {
    const wait = (scope: Scope, refusals?: number, over: Partial<Extract<ProbeResult, { status: 'unknown' }>> = {}) => {
      const history = { probes: 1, counted: 0, ...(refusals === undefined ? {} : { refusals }) };
      return (look({ status: 'unknown', scope, error: failed, ...over }, { probes: 1 }, history) as { after: number }).after;
    };
    expect([undefined, 0, 1, 4, 5, 9, 99].map((refusals) => wait('note', refusals))).toEqual([
      10_000, 10_000, 10_000, 20_000, 40_000, 450_000, 450_000,
    ]);
    expect([wait('mailbox', 9), wait('endpoint', 9), wait('note', 9, { blocked: true })]).toEqual([10_000, 10_000, 10_000]);
    expect(wait('mailbox', 9, { retryAfter: 70_000 })).toBe(10_000);
  });
});

describe('an outcome that nobody learns', () => {
  const unknown = { status: 'unknown', error: failed } as const;
  const givenUp = {
    token,
    to: 'dead',
    sent: 'unknown',
    reason: { code: 'OUTCOME_UNKNOWN', text: expect.stringContaining('within 24 h.') },
  };
  const day = 24 * hour;

  it('→ dead after probe.giveUpAfter, to the ms', () => {
    expect(look(unknown, { unconfirmedFor: day - 1_000 }, { probes: 2, counted: 1_000 })).toEqual(givenUp);
    expect(look(unknown, { unconfirmedFor: day - 1_001 }, { probes: 2, counted: 1_000 })).toMatchObject({
      to: 'unconfirmed',
      counted: 1_000,
    });
    expect(look({ status: 'pending' }, { unconfirmedFor: day }, { probes: 3, counted: 0 })).toEqual(givenUp);
    expect(look({ status: 'absent' }, { unconfirmedFor: day }, { probes: 3, counted: 0 })).toEqual(givenUp);
  });

  it('is given up by the second probe of a run at the earliest: one that follows a long downtime proves nothing', () => {
    expect(look(unknown, { unconfirmedFor: day }, { probes: 1, counted: 0 })).toMatchObject({ to: 'unconfirmed' });
    expect(look(unknown, { unconfirmedFor: day }, { probes: 2, counted: 0 })).toEqual(givenUp);
  });

  it('names the time in hours, to a tenth', () => {
    const text = (giveUpAfter: number) => {
      const settlement = look(unknown, { unconfirmedFor: giveUpAfter }, { probes: 2, counted: 0 }, { probe: { giveUpAfter } });
      return 'reason' in settlement ? settlement.reason.text : '';
    };
    expect(text(hour)).toContain(' 1 h.');
    expect(text(5_400_000)).toContain(' 1.5 h.');
    expect(text(400_000)).toContain(' 0.1 h.');
  });

  it("→ deferred with probe.onUnconfirmed 'resend', unless it has expired", () => {
    const options = { probe: { onUnconfirmed: 'resend' } } as const;
    const history = { probes: 2, counted: 0 };
    expect(look(unknown, { unconfirmedFor: day }, history, options)).toEqual({
      token,
      to: 'deferred',
      after: 0,
      failure: false,
      sent: 'unknown',
      reason: { code: 'OUTCOME_UNKNOWN', text: expect.stringMatching(/within 24 h\. It is sent again\.$/) },
    });
    expect(look(unknown, { unconfirmedFor: day, expired: true }, history, options)).toEqual(givenUp);
  });
});

describe('an attempt whose endpoint or mailbox is no longer configured', () => {
  const resend = spoolerSettings({ probe: { onUnconfirmed: 'resend' } });
  const dead = {
    token,
    to: 'dead',
    sent: 'unknown',
    reason: { code: 'OUTCOME_UNKNOWN', text: expect.stringContaining('no longer configured') },
  };

  it("→ dead, since nobody can look; sent again only with 'resend', and only before its expiry", () => {
    expect(settlementOfLostPlace(claimed(), spoolerSettings())).toEqual(dead);
    expect(settlementOfLostPlace(claimed(), resend)).toMatchObject({ to: 'deferred', sent: 'unknown', after: 0 });
    expect(settlementOfLostPlace(claimed({ expired: true }), resend)).toEqual(dead);
  });
});

describe('what a probe that could not say tells of mailbox and endpoint', () => {
  const error = (code: ErrorCode) => new OfflineImError(code, 'It failed.');

  it.each([
    ['ENDPOINT_UNREACHABLE', 'deferred', 'endpoint'],
    ['CONNECTION_LOST', 'deferred', 'endpoint'],
    ['EWS_DISABLED', 'blocked', 'endpoint'],
    ['AUTHENTICATION_FAILED', 'blocked', 'mailbox'],
    ['REQUEST_TIMEOUT', 'unconfirmed', 'note'],
    ['EWS_ERROR', 'unconfirmed', 'note'],
  ] as const)('%s without a scope: %s, for the %s', (code, status, scope) => {
    const told = toldByProbe({ error: error(code) });
    expect(told).toEqual({
      status,
      scope,
      error: expect.objectContaining({ code }),
      ...(status === 'blocked' ? { sent: 'no', by: 'login' } : {}),
    });
  });

  it('follows what the transport says, where it does', () => {
    expect(toldByProbe({ error: error('ENDPOINT_UNREACHABLE'), scope: 'note' })).toMatchObject({
      status: 'unconfirmed',
      scope: 'note',
    });
    expect(toldByProbe({ error: error('EWS_ERROR'), scope: 'mailbox' })).toMatchObject({ status: 'deferred', scope: 'mailbox' });
    expect(toldByProbe({ error: error('EWS_ERROR'), blocked: true, scope: 'endpoint' })).toMatchObject({
      status: 'blocked',
      scope: 'endpoint',
    });
    // A note alone can't be blocked.
    expect(toldByProbe({ error: error('EWS_ERROR'), blocked: true })).toMatchObject({ status: 'blocked', scope: 'mailbox' });
    expect(toldByProbe({ error: error('AUTHENTICATION_FAILED'), blocked: false })).toMatchObject({
      status: 'deferred',
      scope: 'mailbox',
    });
  });

  it('passes on how long the server wants to be left alone', () => {
    expect(toldByProbe({ error: error('EWS_ERROR'), scope: 'mailbox', retryAfter: 7 })).toMatchObject({ retryAfter: 7 });
    expect(toldByProbe({ error: error('EWS_ERROR'), retryAfter: 7 })).toMatchObject({ retryAfter: 7 });
    expect(toldByProbe({ error: error('EWS_ERROR'), scope: 'mailbox' })).not.toHaveProperty('retryAfter');
  });
});

describe('the reason of an error', () => {
  it("has its code, its sentence, and the server's own code where there is one", () => {
    expect(reasonOf(failed)).toEqual(reason);
    expect(reasonOf(new OfflineImError('EXPIRED', 'Too late.'))).toEqual({ code: 'EXPIRED', text: 'Too late.' });
    expect(reasonOf(new OfflineImError('EXPIRED', 'Too late.', { details: { responseCode: 7 } }))).toEqual({
      code: 'EXPIRED',
      text: 'Too late.',
    });
  });

  it('of a host or a library is TRANSPORT_FAILED', () => {
    expect(reasonOf(new Error('broken pipe'))).toEqual({ code: 'TRANSPORT_FAILED', text: 'broken pipe' });
  });
});
