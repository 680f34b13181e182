/** What Graph responses mean for a note, row by row, without a server; the same through the transport is in outcome-table.test.ts. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { Reply } from '../../../src/graph/client/reply.ts';
import { ruleOf } from '../../../src/graph/outcome/error-codes.ts';
import { judge, replyError, verdictOf } from '../../../src/graph/outcome/outcome.ts';

const error = new OfflineImError('CONNECTION_LOST', 'It broke.');
const answered = (status: number, codes?: readonly string[], retryAfter?: number): Reply => ({
  kind: 'error',
  error: codes && { codes },
  meta: { requestId: 'r', status, ...(retryAfter === undefined ? {} : { retryAfter }) },
});
const judged = (reply: Reply) => judge(reply, 'IPM.Note', 'mailbox');
const outcomeOf = (reply: Reply) => judged(reply).outcome;

describe('a request without an answer', () => {
  it.each(['note', 'mailbox', 'endpoint'] as const)('may have been sent: unconfirmed, for the %s', (scope) => {
    expect(outcomeOf({ kind: 'failed', sent: 'unknown', scope, error })).toEqual({ status: 'unconfirmed', scope, error });
  });

  it('was not sent: deferred; by our own decision, without a back-off', () => {
    const failed = { kind: 'failed', sent: 'no', scope: 'endpoint', error } as const;
    expect(outcomeOf(failed)).toEqual({ status: 'deferred', scope: 'endpoint', error });
    const ours = new OfflineImError('NOT_ATTEMPTED', 'No lease left.');
    expect(outcomeOf({ ...failed, scope: 'note', error: ours })).toEqual({
      status: 'deferred',
      scope: 'note',
      error: ours,
      retryAfter: 0,
    });
  });
});

describe('a missing token', () => {
  const noToken = (scope: 'mailbox' | 'endpoint', code: 'AUTHENTICATION_FAILED' | 'OPTION_INVALID', standing = false) => {
    const own = new OfflineImError(code, 'No token.', standing ? { details: { standing } } : {});
    return { outcome: outcomeOf({ kind: 'no-token', scope, error: own }), own };
  };

  it('that someone must provide blocks its scope; any other may come by itself', () => {
    const standing = noToken('endpoint', 'AUTHENTICATION_FAILED', true);
    expect(standing.outcome).toEqual({ status: 'blocked', scope: 'endpoint', sent: 'no', error: standing.own });
    const passing = noToken('endpoint', 'AUTHENTICATION_FAILED');
    expect(passing.outcome).toEqual({ status: 'deferred', scope: 'endpoint', error: passing.own });
  });

  it('for an unknown user concerns only that mailbox', () => {
    const noUser = noToken('endpoint', 'OPTION_INVALID');
    expect(noUser.outcome).toEqual({ status: 'deferred', scope: 'mailbox', error: noUser.own });
  });
});

describe('a success status', () => {
  const ok = (status: number, parts: object = {}): Reply => ({
    kind: 'ok',
    body: undefined,
    meta: { requestId: 'r', status, retryAfter: 4_000 },
    ...parts,
  });

  it('of 202 is delivered, with the class that was sent; any other may come from anywhere', () => {
    expect(judged(ok(202))).toEqual({ outcome: { status: 'delivered', messageClass: 'IPM.Note' } });
    expect(outcomeOf(ok(200))).toMatchObject({
      status: 'unconfirmed',
      scope: 'endpoint',
      retryAfter: 4_000,
      error: {
        code: 'HTTP_STATUS',
        message: 'Microsoft Graph, or something in front of it, answered HTTP 200: that is not the answer to this request.',
        details: { status: 200, requestId: 'r' },
      },
    });
  });

  it('with an unreadable body is that error', () => {
    const reply = ok(200, { unreadable: error });
    expect([outcomeOf(reply), replyError(reply)]).toMatchObject([{ status: 'unconfirmed', error }, error]);
  });
});

describe('an error', () => {
  it.each([
    [401, 'AUTHENTICATION_FAILED', 'the token was refused'],
    [0, 'HTTP_STATUS', 'something wants to lead elsewhere'],
    [300, 'HTTP_STATUS', 'something wants to lead elsewhere'],
    [399, 'HTTP_STATUS', 'something wants to lead elsewhere'],
    [400, 'HTTP_STATUS', 'there is no error code of Graph with it'],
    [403, 'HTTP_STATUS', 'access is denied to the application'],
    [413, 'HTTP_STATUS', 'the request is too large for it'],
    [429, 'HTTP_STATUS', 'there were too many requests'],
    [509, 'HTTP_STATUS', 'there were too many requests'],
    [499, 'HTTP_STATUS', 'there is no error code of Graph with it'],
    [500, 'HTTP_STATUS', 'it failed or is not available'],
    [299, 'HTTP_STATUS', 'there is no error code of Graph with it'],
  ] as const)('of status %s without a code is %s: %s', (status, code, why) => {
    for (const reply of [answered(status), answered(status, [])]) {
      expect(replyError(reply)).toMatchObject({
        code,
        message: `Microsoft Graph, or something in front of it, answered HTTP ${status}: ${why}.`,
        details: { status, requestId: 'r' },
      });
    }
  });

  it('names the decisive code, else the most detailed one', () => {
    const details = { status: 400, requestId: 'r', responseCode: 'Inner' };
    expect(replyError(answered(400, ['Outer', 'Inner']))).toMatchObject({
      code: 'GRAPH_ERROR',
      message: 'Microsoft Graph answered 400 Inner.',
      details,
    });
    expect(replyError(answered(400, ['Outer', 'Inner']), 'Outer')).toMatchObject({ details: { responseCode: 'Outer' } });
    expect(replyError(answered(401, ['InvalidAuthenticationToken']))).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: 'Microsoft Graph refused the token: InvalidAuthenticationToken.',
      details: { status: 401, responseCode: 'InvalidAuthenticationToken' },
    });
    expect(judged(answered(400, ['BadRequest', 'ErrorInvalidRecipients', 'Unheard']))).toMatchObject({
      code: 'ErrorInvalidRecipients',
      rule: ruleOf('ErrorInvalidRecipients'),
      outcome: { status: 'rejected', error: { details: { responseCode: 'ErrorInvalidRecipients' } } },
    });
  });

  it("waits for the longer of the server's back-off and the reset of a daily limit", () => {
    const limit = (retryAfter?: number) => outcomeOf(answered(400, ['ErrorExceededMessageLimit'], retryAfter));
    expect(limit()).toMatchObject({ status: 'deferred', retryAfter: 3_600_000 });
    expect(limit(5_000)).toMatchObject({ retryAfter: 3_600_000 });
    expect(limit(4_000_000)).toMatchObject({ retryAfter: 4_000_000 });
    expect(outcomeOf(answered(503, [], 5_000))).toMatchObject({ status: 'unconfirmed', retryAfter: 5_000 });
    expect(outcomeOf(answered(503))).not.toHaveProperty('retryAfter');
  });
});

describe('the verdict', () => {
  const of = (status: number, ...codes: string[]) => verdictOf(status, { codes }, 'endpoint');
  const verdict = (status: number, ...codes: string[]) => {
    const { kind, scope } = of(status, ...codes).verdict;
    return `${kind} ${scope}`;
  };

  it.each([
    [399, 'unconfirmed note'],
    [400, 'unconfirmed endpoint'],
    [401, 'blocked endpoint'],
    [403, 'blocked endpoint'],
    [405, 'blocked endpoint'],
    [406, 'blocked endpoint'],
    [407, 'blocked endpoint'],
    [408, 'unconfirmed mailbox'],
    [409, 'unconfirmed mailbox'],
    [412, 'unconfirmed mailbox'],
    [413, 'rejected note'],
    [415, 'blocked endpoint'],
    [422, 'unconfirmed mailbox'],
    [423, 'unconfirmed mailbox'],
    [429, 'deferred mailbox'],
    [499, 'unconfirmed endpoint'],
    [500, 'unconfirmed mailbox'],
    [501, 'blocked endpoint'],
    [502, 'unconfirmed endpoint'],
    [503, 'unconfirmed endpoint'],
    [504, 'unconfirmed endpoint'],
    [507, 'blocked mailbox'],
    [509, 'deferred mailbox'],
    [511, 'blocked endpoint'],
  ])('of %s without a code: %s', (status, expected) => {
    expect(verdict(status)).toBe(expected);
    expect(verdictOf(status, undefined, 'endpoint').verdict).toEqual(of(status).verdict);
  });

  it('keeps the outermost code if the status decides', () => {
    for (const status of [302, 401, 429, 507, 405, 503, 500, 403, 413, 400]) {
      expect(of(status, 'Unheard', 'OfNothing')).toMatchObject({ code: 'Unheard' });
      expect(of(status, 'Unheard', 'OfNothing')).not.toHaveProperty('rule');
    }
  });

  it('of an unknown code says nothing about the note; a known one counts below 500', () => {
    expect(verdict(400, 'Unheard')).toBe('unconfirmed note');
    expect(verdict(403, 'ErrorAccessDenied')).toBe('blocked mailbox');
    expect(verdict(413, 'ErrorInvalidRecipients')).toBe('rejected note');
    expect(verdict(500, 'ErrorInvalidRecipients')).toBe('unconfirmed mailbox');
    expect([400, 401, 500, 503].map((status) => verdict(status, 'ErrorQuotaExceeded'))).toEqual(
      Array.from({ length: 4 }, () => 'blocked mailbox'),
    );
    expect(verdict(302, 'ErrorQuotaExceeded')).toBe('unconfirmed note');
  });

  it('of too many requests has the scope of the limit', () => {
    for (const status of [429, 509]) {
      const scopeOf = (throttled: 'mailbox' | 'application') =>
        verdictOf(status, { codes: [], throttled }, 'mailbox').verdict.scope;
      expect([scopeOf('mailbox'), scopeOf('application')]).toEqual(['mailbox', 'endpoint']);
    }
  });
});

describe('a code of the table', () => {
  it('is matched in any case, and one with a star by its beginning only', () => {
    expect(ruleOf('ERRORINVALIDRECIPIENTS')).toBe(ruleOf('ErrorInvalidRecipients'));
    expect(ruleOf('ErrorInvalidPropertyRequest')).toBe(ruleOf('errorinvalidpropertyset'));
    expect(ruleOf('ErrorInvalidProperty')).toMatchObject({ verdict: { kind: 'rejected', splittable: true } });
    for (const none of ['ErrorInvalidRecipientsX', 'XErrorInvalidProperty', 'Error', '']) expect(ruleOf(none)).toBeUndefined();
  });

  it.each([
    ['ErrorObjectTypeChanged', 'always', false],
    ['ErrorInvalidItemForOperationSend', 'always', false],
    ['ErrorItemSavePropertyError', 'perhaps', true],
  ] as const)('%s refuses a class (%s), or its note permanently', (code, classRefused, splittable) => {
    expect(ruleOf(code)).toEqual({ classRefused, verdict: { kind: 'rejected', scope: 'note', splittable } });
  });
});
