/** What a request without a response means: whether it may have been sent, and the scope of the failure. */
import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import {
  type CallState,
  endedByProxy,
  endedInLogin,
  failedBy,
  notImpersonated,
  unreadableReply,
  unsayable,
  unusableLogin,
} from '../../../src/ews/outcome/call-failure.ts';

const sentence = /^[A-Z].{10,}\.$/;
const state = (parts: Partial<CallState> = {}): CallState => ({
  requestId: 'r',
  sent: 'no',
  ended: undefined,
  deadline: 60_000,
  ...parts,
});
const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** A failure as tests compare it: without the error object. */
function seen({ error, ...failure }: ReturnType<typeof failedBy>) {
  expect(error.message).toMatch(sentence);
  return { ...failure, code: error.code, message: error.message, details: error.details };
}
const failure = (sent: 'no' | 'unknown', scope: string, code: string, message: RegExp, details: object) => ({
  kind: 'failed',
  sent,
  scope,
  code,
  message: expect.stringMatching(message),
  details,
});

describe('a request that was not sent', () => {
  it('since no connection was made: the endpoint is unreachable', () => {
    const details = { requestId: 'r', connectionCode: 'ECONNREFUSED' };
    expect(seen(failedBy(refused, state({ at: 'connection' })))).toEqual(
      failure('no', 'endpoint', 'ENDPOINT_UNREACHABLE', /^Could not connect .+ \(ECONNREFUSED\)\.$/, details),
    );
    expect(seen(failedBy(new Error('?'), state({ at: 'connection' })))).toEqual(
      failure('no', 'endpoint', 'ENDPOINT_UNREACHABLE', /connect to the server\.$/, { requestId: 'r' }),
    );
  });

  it.each([undefined, 'login', 'server'] as const)('since its login failed (at: %s): the mailbox cannot log in', (at) => {
    const parts = at === undefined ? {} : { at };
    expect(seen(failedBy(refused, state(parts)))).toEqual(
      failure('no', 'mailbox', 'AUTHENTICATION_FAILED', /^The login failed .+ \(ECONNREFUSED\)\.$/, {
        requestId: 'r',
        connectionCode: 'ECONNREFUSED',
      }),
    );
    expect(seen(failedBy(new Error('?'), state(parts)))).toMatchObject({
      message: expect.stringMatching(/written\.$/),
      details: { requestId: 'r' },
    });
  });

  it("since a host's login threw an OfflineImError: reported as is, without attached properties", () => {
    const own = new OfflineImError('TOKEN_FAILED' as never, 'No token could be had.', {
      cause: new Error('secret'),
      details: { tries: 3 },
    });
    const { error, ...rest } = failedBy(own, state());
    expect(rest).toEqual({ kind: 'failed', sent: 'no', scope: 'mailbox' });
    expect(error).toMatchObject({
      code: 'TOKEN_FAILED',
      message: 'No token could be had.',
      details: { requestId: 'r', tries: 3 },
    });
    expect(error.cause).toBeUndefined();
    expect(failedBy(own, state({ sent: 'unknown' }))).toMatchObject({
      sent: 'unknown',
      scope: 'note',
      error: { code: 'TOKEN_FAILED' },
    });
  });

  it('for lack of a token that only someone can provide: blocked, unless the body may have been sent by then', () => {
    const standing = new OfflineImError('AUTHENTICATION_FAILED', 'The host gave no token.', { details: { standing: true } });
    const passing = new OfflineImError('AUTHENTICATION_FAILED', 'The token endpoint did not answer.');
    expect(failedBy(standing, state())).toMatchObject({ sent: 'no', scope: 'mailbox', blocks: true });
    expect(failedBy(standing, state({ sent: 'unknown' }))).not.toHaveProperty('blocks');
    expect(failedBy(passing, state())).not.toHaveProperty('blocks');
  });

  it('by our own decision: not attempted, whatever ended meanwhile', () => {
    const own = new OfflineImError('NOT_ATTEMPTED', 'No lease left.');
    expect(failedBy(own, state({ ended: 'deadline' }))).toEqual({ kind: 'failed', sent: 'no', scope: 'note', error: own });
    expect(failedBy(own, state({ ended: 'aborted', sent: 'unknown' }))).toMatchObject({
      sent: 'unknown',
      error: { code: 'REQUEST_ABORTED' },
    });
    expect(failedBy(own, state({ sent: 'unknown' }))).toMatchObject({
      sent: 'unknown',
      scope: 'note',
      error: { code: 'NOT_ATTEMPTED' },
    });
  });
});

describe('a request that may have been sent', () => {
  it('whose connection broke: the endpoint lost it', () => {
    expect(seen(failedBy(Object.assign(new Error(), { code: 'ECONNRESET' }), state({ sent: 'unknown' })))).toEqual(
      failure('unknown', 'endpoint', 'CONNECTION_LOST', /lost .+ \(ECONNRESET\)\.$/, {
        requestId: 'r',
        connectionCode: 'ECONNRESET',
      }),
    );
  });
});

describe('a request that ended', () => {
  it.each(['no', 'unknown'] as const)('by an abort (sent: %s): affects only its notes', (sent) => {
    expect(seen(failedBy(refused, state({ ended: 'aborted', sent })))).toEqual(
      failure(sent, 'note', 'REQUEST_ABORTED', /aborted/, { requestId: 'r' }),
    );
  });

  const details = { requestId: 'r', deadline: 60_000 };
  it('by its deadline while connecting: the endpoint is unreachable', () => {
    expect(seen(failedBy(refused, state({ ended: 'deadline', at: 'connection' })))).toEqual(
      failure('no', 'endpoint', 'ENDPOINT_UNREACHABLE', /^Could not connect .+ within 60000 ms\.$/, details),
    );
  });

  it.each([
    ['no', undefined, /^The login did not finish within 60000 ms/],
    ['no', 'login', /^The login did not finish within 60000 ms/],
    ['no', 'server', /^The server did not finish its response within 60000 ms/],
    ['unknown', 'server', /^The server did not finish its response/],
    ['unknown', 'login', /^The server did not finish its response/],
    ['unknown', 'connection', /^The server did not finish its response/],
  ] as const)('by its deadline (sent: %s, at: %s): a server that hangs for one mailbox may serve others', (sent, at, text) => {
    const parts = at === undefined ? {} : { at };
    expect(seen(failedBy(refused, state({ ended: 'deadline', sent, ...parts })))).toEqual(
      failure(sent, 'mailbox', 'REQUEST_TIMEOUT', text, details),
    );
  });
});

describe('a proxy that refuses to connect', () => {
  it('is recognised from the thrown error, in the words of each runtime', () => {
    const tunnel = Object.assign(new Error('tunnel'), { code: 'ERR_PROXY_TUNNEL', statusCode: 407 });
    expect(failedBy(tunnel, state({ at: 'connection' }))).toMatchObject({
      sent: 'no',
      scope: 'endpoint',
      blocks: true,
      error: { details: { proxyStatus: 407 } },
    });
  });

  it.each([
    [401, true],
    [403, true],
    [407, true],
    [502, false],
    [404, false],
  ] as const)('with %s: must someone act? %s', (status, blocks) => {
    const why = status === 407 ? /HTTP 407: it wants a login of its own/ : new RegExp(`HTTP ${status}: see its log`);
    expect(seen(endedByProxy(status, 'r'))).toEqual({
      ...failure('no', 'endpoint', 'ENDPOINT_UNREACHABLE', why, { requestId: 'r', proxyStatus: status }),
      blocks,
    });
  });
});

it('a login that ended with a response before the body was sent: nothing was processed', () => {
  const loginPage = { status: 302, loginPage: true };
  const moved = { status: 301, front: 'it has moved' };
  const passing = [200, 302, 400, 413, 421, 503].map((status) => ({ status }));
  const standing = [...[404, 405, 410, 431, 440].map((status) => ({ status })), loginPage, moved];
  for (const [facts, blocks] of [
    ...passing.map((one) => [one, false] as const),
    ...standing.map((one) => [one, true] as const),
  ]) {
    const { status } = facts;
    expect(seen(endedInLogin({ ...facts, requestId: 'r', retryAfter: 7 }) as ReturnType<typeof failedBy>)).toEqual({
      ...failure('no', 'endpoint', 'HTTP_STATUS', new RegExp(`HTTP ${status} to the login`), { status, requestId: 'r' }),
      blocks,
      retryAfter: 7,
    });
  }
});

it('a login that returned an unusable value: its text is not repeated', () => {
  const error = unusableLogin('the header is no string');
  expect(error).toMatchObject({ code: 'AUTHENTICATION_FAILED', message: expect.stringMatching(/: the header is no string\.$/) });
});

it('impersonate failed: an OfflineImError affects the mailbox, any other error is a defect', () => {
  const own = new OfflineImError('OPTION_INVALID', 'No.');
  expect(notImpersonated(own)).toEqual({ kind: 'failed', sent: 'no', scope: 'mailbox', error: own });
  expect(() => notImpersonated(new TypeError('a defect'))).toThrow(TypeError);
});

it.each(['note', 'endpoint'] as const)('a response that is not from EWS: the outcome is unknown (%s)', (scope) => {
  const cause = new Error('bad xml');
  const failed = unreadableReply('it is not XML', 'r', scope, cause);
  expect(seen(failed)).toEqual(failure('unknown', scope, 'RESPONSE_UNREADABLE', /: it is not XML\.$/, { requestId: 'r' }));
  expect(failed.error.cause).toBe(cause);
});

it('a note that a schema version cannot express was not attempted', () => {
  expect(seen(unsayable('Exchange2007'))).toMatchObject({
    sent: 'no',
    scope: 'note',
    code: 'NOT_ATTEMPTED',
    message: expect.stringMatching(/version Exchange2007\.$/),
  });
});
