/** The arcs out of `unconfirmed` (docs/states.md), without a loop, a spool or a server. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { ClaimedNote, SpoolEntry } from '../../src/spool/contract.ts';
import { type SpoolerOptions, type SpoolerSettings, spoolerSettings } from '../../src/spooler/options.ts';
import { settlementOfLostPlace, settlementOfProbe } from '../../src/spooler/outcome.ts';
import type { ProbeResult, Scope } from '../../src/transport/contract.ts';

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
  it('→ delivered, if found', () => {
    expect(look({ status: 'found' })).toEqual({ token, to: 'delivered' });
  });

  it('→ dead, if the only copies found are of attempts that the server answered with an error', () => {
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
  ] as const)('→ dead, if a draft was found (removed: %s): %s', (removed, code) => {
    expect(look({ status: 'draft', removed })).toEqual({ token, to: 'dead', sent: 'no', reason: { code, text: sentence } });
  });

  it('→ unconfirmed while in the Outbox: the delay doubles with every probe, up to probe.maxDelay, without jitter', () => {
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

  it('→ unconfirmed, absent once: probed again as soon as the grace period is over', () => {
    const again = { token, to: 'unconfirmed', absent: true, counted: 0, reason: { code: 'OUTCOME_UNKNOWN', text: sentence } };
    expect(look({ status: 'absent' })).toEqual({ ...again, after: 5_000 });
    expect(look({ status: 'absent' }, { quietFor: 298_000 })).toEqual({ ...again, after: 2_000 });
    expect(look({ status: 'absent' }, { quietFor: 300_000 })).toEqual({ ...again, after: 5_000 });
    expect(look({ status: 'absent' }, { quietFor: 900_000 })).toEqual({ ...again, after: 5_000 });
    expect(look({ status: 'absent' }, { quietFor: 299_000, absences: 5, probes: 9 })).toEqual({ ...again, after: 1_000 });
  });

  it('→ deferred, absent twice, the second time after the grace period: the same note, at once', () => {
    const unsent = { token, to: 'deferred', after: 0, failure: false, reason: { code: 'OUTCOME_UNKNOWN', text: sentence } };
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 300_000 })).toEqual(unsent);
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 299_999 })).toMatchObject({ to: 'unconfirmed' });
    expect(look({ status: 'absent' }, { absences: 0, quietFor: 300_000 })).toMatchObject({ to: 'unconfirmed' });
    expect(look({ status: 'absent' }, { absences: 2, quietFor: 300_001 })).toEqual(unsent);
  });

  it('has the grace period of its transport, if stated', () => {
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 5_000 }, settled, {}, 5_000)).toMatchObject({ to: 'deferred' });
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 4_999 }, settled, {}, 5_000)).toMatchObject({
      to: 'unconfirmed',
      after: 1,
    });
    const options = { probe: { grace: 7_000 } };
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 7_000 }, settled, options)).toMatchObject({ to: 'deferred' });
  });

  it('→ dead, absent twice, if every member has expired', () => {
    const settlement = { token, to: 'dead', sent: 'no', reason: { code: 'EXPIRED', text: sentence } };
    expect(look({ status: 'absent' }, { absences: 1, quietFor: 300_000, expired: true })).toEqual(settlement);
  });

  it('→ unconfirmed after an inconclusive probe: with its reason, and never sooner than the server asked', () => {
    const unknown = { status: 'unknown', scope: 'note', error: failed } as const;
    const settlement = { token, to: 'unconfirmed', after: 5_000, absent: false, counted: 0, reason };
    expect(look(unknown)).toEqual(settlement);
    expect(look({ ...unknown, retryAfter: 70_000 })).toEqual({ ...settlement, after: 70_000 });
    expect(look({ ...unknown, retryAfter: 2 * hour })).toEqual({ ...settlement, after: hour });
  });

  it('backs off if probe after probe is refused, up to retry.maxDelay, with the mailbox if that is affected', () => {
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

describe('an outcome that stays unknown', () => {
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

  it('of an item that still lies in the mailbox unsent names where it is left, for somebody to look', () => {
    const text = (result: ProbeResult) => {
      const settlement = look(result, { unconfirmedFor: day }, { probes: 3, counted: 0 });
      return 'reason' in settlement ? settlement.reason.text : '';
    };
    expect(text({ status: 'pending' })).toMatch(/within 24 h\. .*in the Outbox or in Drafts/);
    expect([text(unknown), text({ status: 'absent' })].join()).not.toContain('Drafts');
  });

  it('is given up after at least two probes in a run: one right after a long downtime proves nothing', () => {
    expect(look(unknown, { unconfirmedFor: day }, { probes: 1, counted: 0 })).toMatchObject({ to: 'unconfirmed' });
    expect(look(unknown, { unconfirmedFor: day }, { probes: 2, counted: 0 })).toEqual(givenUp);
  });

  it('states the time in hours, to a tenth', () => {
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
      reason: { code: 'OUTCOME_UNKNOWN', text: expect.stringMatching(/within 24 h\. It is resent\.$/) },
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

  it("→ dead, since it cannot be probed; resent only with 'resend', and only before its expiry", () => {
    expect(settlementOfLostPlace(claimed(), spoolerSettings())).toEqual(dead);
    expect(settlementOfLostPlace(claimed(), resend)).toMatchObject({ to: 'deferred', sent: 'unknown', after: 0 });
    expect(settlementOfLostPlace(claimed({ expired: true }), resend)).toEqual(dead);
  });
});
