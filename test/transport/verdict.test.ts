/** How both transports handle verdicts, and several searches for one note. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { provesSent } from '../../src/spooler/outcome.ts';
import type { ProbeResult } from '../../src/transport/contract.ts';
import { combined, notAttempted, placeGone, toOutcome, type Verdict } from '../../src/transport/verdict.ts';

const error = new OfflineImError('EWS_ERROR', 'It failed.');

describe('the outcome of a verdict', () => {
  it.each<[Verdict, number | undefined, object]>([
    [{ kind: 'deferred', scope: 'mailbox' }, undefined, { status: 'deferred', scope: 'mailbox' }],
    [{ kind: 'deferred', scope: 'note', retryAfter: 5 }, undefined, { status: 'deferred', scope: 'note', retryAfter: 5 }],
    [{ kind: 'deferred', scope: 'note', retryAfter: 5 }, 0, { status: 'deferred', scope: 'note', retryAfter: 0 }],
    [{ kind: 'unconfirmed', scope: 'endpoint' }, undefined, { status: 'unconfirmed', scope: 'endpoint' }],
    [{ kind: 'unconfirmed', scope: 'note' }, 7, { status: 'unconfirmed', scope: 'note', retryAfter: 7 }],
    [
      { kind: 'rejected', scope: 'note', splittable: true },
      7,
      { status: 'rejected', scope: 'note', splittable: true, draft: 'none' },
    ],
    [{ kind: 'blocked', scope: 'mailbox', sent: 'unknown' }, 7, { status: 'blocked', scope: 'mailbox', sent: 'unknown' }],
    [
      { kind: 'blocked', scope: 'endpoint', sent: 'no', by: 'login' },
      undefined,
      { status: 'blocked', scope: 'endpoint', sent: 'no', by: 'login' },
    ],
  ])('%j, with a server back-off of %s ms', (verdict, backOff, outcome) => {
    expect(toOutcome(verdict, error, backOff)).toStrictEqual({ ...outcome, error });
  });
});

describe('several attempts of a note, probed separately', () => {
  const of: Readonly<Record<ProbeResult['status'], ProbeResult>> = {
    found: { status: 'found' },
    pending: { status: 'pending' },
    draft: { status: 'draft', removed: true },
    unknown: { status: 'unknown', error },
    absent: { status: 'absent' },
  };
  const inOrder = ['found', 'pending', 'unknown', 'draft', 'absent'] as const;

  it.each(inOrder.flatMap((first, at) => inOrder.slice(at).map((second) => [first, second] as const)))(
    '%s and %s, in either order: the first of the two',
    (first, second) => {
      expect(combined([of[first], of[second]])).toEqual(of[first]);
      expect(combined([of[second], of[first]])).toEqual(of[first]);
    },
  );

  it('without any attempt: nothing was sent', () => {
    expect(combined([])).toEqual({ status: 'absent' });
  });

  it('with drafts: removed only if all were', () => {
    const [removed, left] = [of.draft, { status: 'draft', removed: false } as const];
    expect(combined([removed, left, of.absent])).toEqual(left);
    expect(combined([left, removed])).toEqual(left);
    expect(combined([removed, removed])).toEqual(removed);
  });

  it('with a remaining draft: reported whatever else is', () => {
    const [removed, left] = [of.draft, { status: 'draft', removed: false } as const];
    for (const status of ['found', 'pending', 'unknown'] as const) {
      expect(combined([left, of[status]])).toEqual({ ...of[status], draft: 'left' });
      expect(combined([of.absent, { ...of[status], draft: 'left' } as ProbeResult])).toEqual({ ...of[status], draft: 'left' });
      expect(combined([removed, of[status]])).toEqual(of[status]);
    }
  });

  it('found: names the attempts whose copies exist, if others were probed too', () => {
    const place = { endpoint: 'e', mailbox: 'm', folder: 'f' };
    const attempts = ['n:1', 'n:2', 'n:3'].map((tag) => ({ tag, place }));
    expect(combined([of.found, of.absent, of.found], attempts)).toEqual({ status: 'found', tags: ['n:1', 'n:3'] });
    expect(combined([of.found, of.found, of.found], attempts)).toEqual({ status: 'found', tags: ['n:1', 'n:2', 'n:3'] });
    expect(combined([of.found], attempts.slice(0, 1))).toEqual({ status: 'found' });
    expect(combined([of.absent, of.found])).toEqual({ status: 'found' });
  });

  it('with all copies found: sent, even if the server answered one of them with an error', () => {
    const place = { endpoint: 'e', mailbox: 'm', folder: 'f' };
    const unknownAttempts = [{ tag: 'n:1', place, ended: 'fault' } as const, { tag: 'n:2', place }];
    const result = combined([of.found, of.found], unknownAttempts);
    expect(result.status === 'found' && provesSent({ unknownAttempts }, result)).toBe(true);
  });

  it('not searchable: the reason with the widest scope, then block; of equals the first', () => {
    const ordered: readonly ProbeResult[] = (['note', 'mailbox', 'endpoint'] as const).flatMap((scope) => [
      { status: 'unknown', scope, error },
      { status: 'unknown', scope, error, blocked: true },
    ]);
    for (const [at, less] of ordered.entries()) {
      expect(combined([less, { ...less }])).toBe(less);
      for (const more of ordered.slice(at + 1)) expect([combined([less, more]), combined([more, less])]).toEqual([more, more]);
    }
    expect(combined([of.unknown, { status: 'unknown', scope: 'note', error, blocked: true }])).toHaveProperty('blocked');
    const plain = { status: 'unknown', scope: 'note', error } as const;
    expect([combined([of.unknown, plain]), combined([plain, of.unknown])]).toEqual([of.unknown, plain]);
  });
});

it('a note not sent by our own decision states why', () => {
  expect(notAttempted('no lease is left')).toMatchObject({
    code: 'NOT_ATTEMPTED',
    message: 'The request was not sent: no lease is left.',
  });
});

it('an attempt at a missing endpoint cannot be probed: it is unknown, never absent', () => {
  const place = { endpoint: 'https://old.contoso.com/EWS', mailbox: 'm', folder: 'f' };
  expect(placeGone({ tag: 'n:1', place })).toMatchObject({
    status: 'unknown',
    error: {
      code: 'PLACE_GONE',
      message: expect.stringMatching(/^This attempt .+\.$/),
      details: { endpoint: place.endpoint },
    },
  });
});
