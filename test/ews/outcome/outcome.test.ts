/** What responses mean for the notes of a request: faults, codes, statuses and silence, without a server. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import type { ReplyMeta } from '../../../src/ews/client/reply.ts';
import {
  backOffOf,
  ewsError,
  inDoubt,
  messageXmlValue,
  outcomeOfCode,
  outcomeOfReply,
  replyError,
} from '../../../src/ews/outcome/outcome.ts';
import { messagesNs, typesNs } from '../../../src/ews/xml/namespaces.ts';
import { parseXml, type XmlElement } from '../../../src/ews/xml/read.ts';
import type { DeliveryOutcome } from '../../../src/transport/contract.ts';

/** An element with these values of MessageXml: in the types namespace in a fault, in the messages namespace in a response message. */
function values(given: Readonly<Record<string, string>>, ns = messagesNs): XmlElement {
  const list = Object.entries(given).map(([name, value]) => `<t:Value Name="${name}">${value}</t:Value>`);
  return parseXml(`<e xmlns:t="${typesNs}" xmlns:x="${ns}"><x:MessageXml>${list.join('')}</x:MessageXml></e>`);
}
const meta = (parts: Partial<ReplyMeta> = {}): ReplyMeta => ({ requestId: 'r', status: 500, ...parts });
const fault = (responseCode: string, notes: number, { detail, ...parts }: Partial<ReplyMeta> & { detail?: XmlElement } = {}) =>
  outcomeOfReply({ kind: 'fault', fault: { responseCode, detail }, meta: meta(parts) }, notes);
const http = (parts: Partial<ReplyMeta>) => outcomeOfReply({ kind: 'http', meta: meta(parts) }, 1);

describe('a value in MessageXml', () => {
  it('is read in either namespace, by name, trimmed', () => {
    for (const ns of [typesNs, messagesNs]) expect(messageXmlValue(values({ A: 'x', B: ' y\n' }, ns), 'B')).toBe('y');
    expect(messageXmlValue(values({ A: 'x' }, 'urn:other'), 'A')).toBeUndefined();
    expect(messageXmlValue(values({ A: 'x' }), 'B')).toBeUndefined();
  });

  it('contains the back-off of the server', () => {
    expect(['25000', ' 7 ', '0', '-5', 'soon'].map((ms) => backOffOf(values({ BackOffMilliseconds: ms })))).toEqual([
      25_000,
      7,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('the error of a response code', () => {
  it('states the code and its meaning', () => {
    const error = ewsError('ErrorServerBusy', 'r');
    expect(error).toMatchObject({
      code: 'EWS_ERROR',
      message: 'Exchange answered ErrorServerBusy: it is busy.',
      details: { responseCode: 'ErrorServerBusy', requestId: 'r' },
    });
    expect(error.details).not.toHaveProperty('innerResponseCode');
    expect(ewsError('ErrorNobodyHasHeardOf', 'r').message).toBe('Exchange answered ErrorNobodyHasHeardOf.');
  });

  it('shows nothing but codes: a server could echo what it was sent', () => {
    const error = ewsError('the text of a message', 'r', 'more of it');
    expect(error).toMatchObject({
      message: 'Exchange answered a response code of no known form.',
      details: { responseCode: '', innerResponseCode: '' },
    });
  });

  it('names the inner code and its meaning if one code wraps another', () => {
    const error = ewsError('ErrorInternalServerError', 'r', 'ErrorQuotaExceeded');
    expect(error).toMatchObject({
      message: 'Exchange answered ErrorInternalServerError: the mailbox is full.',
      details: { responseCode: 'ErrorInternalServerError', innerResponseCode: 'ErrorQuotaExceeded' },
    });
    expect(ewsError('ErrorServerBusy', 'r', 'ErrorQuotaExceeded').message).toContain('it is busy');
    expect(ewsError('ErrorInternalServerError', 'r', 'ErrorConnectionFailed').message).toBe(
      'Exchange answered ErrorInternalServerError.',
    );
  });
});

describe('the error of a reply', () => {
  it('states the failure, the status, or the code of the fault', () => {
    const error = new OfflineImError('CONNECTION_LOST', 'It broke.');
    expect(replyError({ kind: 'failed', sent: 'unknown', scope: 'note', error })).toBe(error);
    expect(replyError({ kind: 'http', meta: meta({ status: 403 }) })).toMatchObject({
      code: 'EWS_DISABLED',
      message: expect.stringMatching(/^The server answered HTTP 403: EWS is switched off.+\.$/),
      details: { status: 403, requestId: 'r' },
    });
    expect(
      replyError({ kind: 'fault', fault: { responseCode: 'ErrorServerBusy', detail: undefined }, meta: meta() }),
    ).toMatchObject({
      code: 'EWS_ERROR',
      details: { responseCode: 'ErrorServerBusy', requestId: 'r' },
    });
  });
});

describe('a code for a single note', () => {
  const answered = (code: string, given: Readonly<Record<string, string>> = {}) => outcomeOfCode(code, values(given), 'r');

  it('means what its row says, with the back-off of the server', () => {
    expect(answered('ErrorServerBusy', { BackOffMilliseconds: '5000' })).toMatchObject({
      status: 'deferred',
      scope: 'mailbox',
      retryAfter: 5_000,
    });
    expect(answered('ErrorInvalidRecipients')).toMatchObject({
      status: 'rejected',
      scope: 'note',
      splittable: false,
      draft: 'none',
    });
    expect(answered('ErrorInvalidRecipients')).not.toHaveProperty('ended');
  });

  it('is marked as a fault if the note may have been sent: a copy found later does not disprove the error', () => {
    expect(answered('ErrorNobodyHasHeardOf')).toMatchObject({ status: 'unconfirmed', ended: 'fault' });
    expect(answered('ErrorQuotaExceeded')).toMatchObject({ status: 'blocked', sent: 'unknown', ended: 'fault' });
    for (const code of ['ErrorServerBusy', 'ErrorMailboxConfiguration']) expect(answered(code)).not.toHaveProperty('ended');
  });

  it('that wraps a known code means the same as that', () => {
    const inner = (code: string) => answered('ErrorInternalServerError', { InnerErrorResponseCode: code });
    expect(inner('ErrorMailboxFailover')).toMatchObject({ status: 'unconfirmed', scope: 'mailbox' });
    expect(inner('ErrorNobodyHasHeardOf')).toMatchObject({ status: 'unconfirmed', scope: 'note' });
    expect(answered('ErrorConnectionFailed', { InnerErrorResponseCode: 'ErrorMailboxFailover' })).toMatchObject({
      scope: 'note',
    });
  });
});

describe('a fault', () => {
  it('applies to a single note as its code does', () => {
    expect(fault('ErrorInvalidRecipients', 1)).toMatchObject({ status: 'rejected', scope: 'note' });
    expect(fault('ErrorMailboxFailover', 1)).toMatchObject({ status: 'unconfirmed', scope: 'mailbox', ended: 'fault' });
  });

  it('may follow a partially sent batch: unconfirmed, unless it comes before the first item', () => {
    expect(fault('ErrorInvalidRecipients', 2)).toMatchObject({ status: 'unconfirmed', scope: 'note', ended: 'fault' });
    expect(fault('ErrorMailboxFailover', 2)).toMatchObject({ status: 'unconfirmed', scope: 'mailbox' });
    expect(fault('ErrorSubmissionQuotaExceeded', 2)).toMatchObject({ status: 'unconfirmed', scope: 'note' });
    expect(fault('ErrorServerBusy', 2)).toMatchObject({ status: 'deferred', scope: 'mailbox' });
    expect(fault('ErrorInvalidServerVersion', 2)).toMatchObject({ status: 'rejected' });
  });

  it('that someone must act on always blocks; with several notes, it is unknown which were sent', () => {
    expect(fault('ErrorPasswordExpired', 1)).toMatchObject({ status: 'blocked', sent: 'no' });
    expect(fault('ErrorPasswordExpired', 2)).toMatchObject({ status: 'blocked', sent: 'unknown', ended: 'fault' });
    expect(fault('ErrorImpersonateUserDenied', 2)).toMatchObject({ status: 'blocked', sent: 'no' });
  });

  it('that wraps a code from before the first item may still come in the middle', () => {
    const detail = values({ InnerErrorResponseCode: 'ErrorImpersonateUserDenied' }, typesNs);
    expect(fault('ErrorInternalServerError', 1, { detail })).toMatchObject({ status: 'blocked', sent: 'no' });
    expect(fault('ErrorInternalServerError', 2, { detail })).toMatchObject({ status: 'blocked', sent: 'unknown' });
  });

  it('contains a back-off of its own, or in the header; its own takes precedence', () => {
    const detail = values({ BackOffMilliseconds: '1500' }, typesNs);
    expect(fault('ErrorServerBusy', 1, { detail, retryAfter: 60_000 })).toMatchObject({ retryAfter: 1_500 });
    expect(fault('ErrorServerBusy', 1, { detail: values({}, typesNs), retryAfter: 60_000 })).toMatchObject({
      retryAfter: 60_000,
    });
    expect(fault('ErrorServerBusy', 1, { retryAfter: 60_000 })).toMatchObject({ retryAfter: 60_000 });
    expect(fault('ErrorServerBusy', 1)).not.toHaveProperty('retryAfter');
  });

  it('with HTTP 429 is "too many requests", whatever its code', () => {
    expect(fault('ErrorInvalidRecipients', 1, { status: 429 })).toMatchObject({
      status: 'deferred',
      scope: 'mailbox',
      error: { code: 'EWS_ERROR' },
    });
  });
});

describe('an HTTP status', () => {
  it('applies to all notes, with the back-off of the header; a gateway says nothing about a fault', () => {
    expect(http({ status: 503, retryAfter: 7_000 })).toMatchObject({
      status: 'unconfirmed',
      scope: 'endpoint',
      retryAfter: 7_000,
      error: { code: 'HTTP_STATUS' },
    });
    expect(http({ status: 503 })).not.toHaveProperty('ended');
    expect(http({ status: 429 })).toMatchObject({ status: 'deferred', scope: 'mailbox' });
  });
});

describe('a response to a request whose login sent the body more than once', () => {
  it('leaves the effect of the other copy in doubt', () => {
    const sentBesides = true;
    expect(http({ status: 413, sentBesides })).toMatchObject({ status: 'unconfirmed', scope: 'note' });
    expect(http({ status: 429, sentBesides, retryAfter: 9_000 })).toMatchObject({
      status: 'unconfirmed',
      scope: 'mailbox',
      retryAfter: 9_000,
    });
    expect(http({ status: 403, sentBesides })).toMatchObject({
      status: 'blocked',
      scope: 'endpoint',
      sent: 'unknown',
      by: 'login',
    });
    expect(fault('ErrorServerBusy', 1, { sentBesides })).toMatchObject({
      status: 'unconfirmed',
      scope: 'mailbox',
      ended: 'fault',
    });
  });

  it('changes nothing if it is delivered or already in doubt', () => {
    const error = new OfflineImError('EWS_ERROR', 'It failed.');
    const outcomes: readonly DeliveryOutcome[] = [
      { status: 'delivered', messageClass: 'IPM.Note' },
      { status: 'unconfirmed', scope: 'mailbox', error, retryAfter: 5_000, ended: 'fault' },
    ];
    for (const outcome of outcomes) expect(inDoubt(outcome, meta({ sentBesides: true }))).toBe(outcome);
    const rejected = { status: 'rejected', scope: 'note', splittable: false, draft: 'none', error } as const;
    expect(inDoubt(rejected, meta({ sentBesides: true }))).toEqual({ status: 'unconfirmed', scope: 'note', error });
    expect(inDoubt(rejected, meta())).toBe(rejected);
  });
});

describe('a missing response', () => {
  const failed = (parts: object, code: 'CONNECTION_LOST' | 'NOT_ATTEMPTED' = 'CONNECTION_LOST') =>
    outcomeOfReply({ kind: 'failed', sent: 'no', scope: 'endpoint', error: new OfflineImError(code, 'It broke.'), ...parts }, 3);

  it('is unconfirmed if the note may have been sent, else deferred', () => {
    expect(failed({ sent: 'unknown' })).toMatchObject({
      status: 'unconfirmed',
      scope: 'endpoint',
      error: { code: 'CONNECTION_LOST' },
    });
    expect(failed({ sent: 'unknown' })).not.toHaveProperty('ended');
    expect(failed({})).toMatchObject({ status: 'deferred', scope: 'endpoint' });
    expect(failed({})).not.toHaveProperty('retryAfter');
  });

  it('by our own decision has no back-off', () => {
    expect(failed({ scope: 'note' }, 'NOT_ATTEMPTED')).toMatchObject({ status: 'deferred', retryAfter: 0 });
  });

  it('blocks if someone must act', () => {
    expect(failed({ blocks: true })).toMatchObject({ status: 'blocked', scope: 'endpoint', sent: 'no', by: 'login' });
    expect(failed({ blocks: true, sent: 'unknown', scope: 'mailbox' })).toMatchObject({
      status: 'blocked',
      scope: 'mailbox',
      sent: 'unknown',
    });
    expect(failed({ blocks: false })).toMatchObject({ status: 'deferred' });
  });
});
