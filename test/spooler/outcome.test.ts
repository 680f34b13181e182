/** The arcs out of `delivering` (docs/states.md), and the effects of probes, without a loop, a spool or a server. */
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/core/errors/codes.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { ClaimedNote, SpoolEntry } from '../../src/spool/contract.ts';
import { type SpoolerOptions, type SpoolerSettings, spoolerSettings } from '../../src/spooler/options.ts';
import { reasonOf, settlementOf, toldByProbe } from '../../src/spooler/outcome.ts';
import type { DeliveryOutcome } from '../../src/transport/contract.ts';

const failed = new OfflineImError('EWS_ERROR', 'Exchange answered with a code.', { details: { responseCode: 'ErrorX' } });
const reason = { code: 'EWS_ERROR', text: 'Exchange answered with a code.', serverCode: 'ErrorX' } as const;
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
  it('→ delivered, with the class that Exchange accepted', () => {
    expect(deliver({ status: 'delivered', messageClass: 'IPM.Note' })).toEqual({
      token,
      to: 'delivered',
      messageClass: 'IPM.Note',
    });
  });

  it.each(['note', 'mailbox', 'endpoint'] as const)('→ as before the claim, if nothing was attempted (%s)', (scope) => {
    const error = new OfflineImError('NOT_ATTEMPTED', 'No lease left.');
    expect(deliver({ status: 'deferred', scope, error, retryAfter: 5 }, { failures: 3 })).toEqual({ token, to: 'unclaim' });
  });

  it('→ deferred by its own failure: the back-off doubles, half of it on average, up to retry.maxDelay', () => {
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

  it('→ deferred for as long as the server asks, up to retry.maxServerBackOff', () => {
    const wait = (retryAfter: number) => deliver({ status: 'deferred', scope: 'note', error: failed, retryAfter });
    expect(wait(60_000)).toMatchObject({ after: 60_000, failure: true });
    expect(wait(9_999_999)).toMatchObject({ after: hour });
    expect(wait(1)).toMatchObject({ after: 2_500 });
  });

  it.each(['mailbox', 'endpoint'] as const)(
    '→ deferred by its %s: not a failure of the note, which is ready when that is',
    (scope) => {
      const settlement = deliver({ status: 'deferred', scope, error: failed, retryAfter: 60_000 }, { failures: 3 });
      expect(settlement).toEqual({ token, to: 'deferred', after: 0, failure: false, reason });
    },
  );

  it('→ unconfirmed, probed after probe.initialDelay, with how the attempt ended', () => {
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

  it('→ split, when rejected for a reason that may lie in another member', () => {
    const outcome = { status: 'rejected', scope: 'note', splittable: true, draft: 'none', error: failed } as const;
    const two = { entries: [{}, {}] as SpoolEntry[] };
    expect(deliver(outcome, two)).toEqual({ token, to: 'split', reason });
    expect(deliver({ ...outcome, splittable: false }, two)).toMatchObject({ to: 'dead' });
    expect(deliver(outcome)).toMatchObject({ to: 'dead' });
    expect(deliver({ ...outcome, draft: 'left' }, two)).toMatchObject({ to: 'split', reason: { code: 'DRAFT_LEFT' } });
  });

  it('→ as before the claim, if blocked and known unsent; else unconfirmed', () => {
    const outcome = { status: 'blocked', scope: 'mailbox', sent: 'no', error: failed } as const;
    expect(deliver(outcome)).toEqual({ token, to: 'unclaim' });
    const settlement = { token, to: 'unconfirmed', after: 5_000, absent: false, counted: 0, ended: 'silence', reason };
    expect(deliver({ ...outcome, sent: 'unknown' })).toEqual(settlement);
    expect(deliver({ ...outcome, sent: 'unknown', ended: 'fault' })).toEqual({ ...settlement, ended: 'fault' });
  });
});

describe('the effect of an inconclusive probe on mailbox and endpoint', () => {
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

  it('follows the scope of the transport, if given', () => {
    expect(toldByProbe({ error: error('ENDPOINT_UNREACHABLE'), scope: 'note' })).toMatchObject({
      status: 'unconfirmed',
      scope: 'note',
    });
    expect(toldByProbe({ error: error('EWS_ERROR'), scope: 'mailbox' })).toMatchObject({ status: 'deferred', scope: 'mailbox' });
    expect(toldByProbe({ error: error('EWS_ERROR'), blocked: true, scope: 'endpoint' })).toMatchObject({
      status: 'blocked',
      scope: 'endpoint',
    });
    // A single note cannot be blocked.
    expect(toldByProbe({ error: error('EWS_ERROR'), blocked: true })).toMatchObject({ status: 'blocked', scope: 'mailbox' });
    expect(toldByProbe({ error: error('AUTHENTICATION_FAILED'), blocked: false })).toMatchObject({
      status: 'deferred',
      scope: 'mailbox',
    });
  });

  it('includes the back-off of the server', () => {
    expect(toldByProbe({ error: error('EWS_ERROR'), scope: 'mailbox', retryAfter: 7 })).toMatchObject({ retryAfter: 7 });
    expect(toldByProbe({ error: error('EWS_ERROR'), retryAfter: 7 })).toMatchObject({ retryAfter: 7 });
    expect(toldByProbe({ error: error('EWS_ERROR'), scope: 'mailbox' })).not.toHaveProperty('retryAfter');
  });
});

describe('the reason of an error', () => {
  it('has its code, its sentence, and the code of the server, if any', () => {
    expect(reasonOf(failed)).toEqual(reason);
    expect(reasonOf(new OfflineImError('EXPIRED', 'Too late.'))).toEqual({ code: 'EXPIRED', text: 'Too late.' });
    expect(reasonOf(new OfflineImError('EXPIRED', 'Too late.', { details: { responseCode: 7 } }))).toEqual({
      code: 'EXPIRED',
      text: 'Too late.',
    });
  });

  it('from a host or a library is TRANSPORT_FAILED', () => {
    expect(reasonOf(new Error('broken pipe'))).toEqual({ code: 'TRANSPORT_FAILED', text: 'broken pipe' });
  });
});
