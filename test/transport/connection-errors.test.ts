/**
 * Where no runtime tells whether a request was sent (Bun, Deno, a custom fetch), the error alone must. Any error that may follow
 * a write leaves the request in doubt: if it counted as unsent, the note would be sent twice.
 */
import { describe, expect, it } from 'vitest';
import { handshakeRefused, nothingWritten } from '../../src/transport/connection-errors.ts';

const error = (facts: object, cause?: unknown): Error =>
  Object.assign(new Error('x', cause === undefined ? undefined : { cause }), facts);
const failed = (cause: unknown): Error => new TypeError('fetch failed', { cause });
const several = (facts: object, ...errors: readonly unknown[]): Error => Object.assign(new AggregateError(errors), facts);
const refused = { code: 'ECONNREFUSED', syscall: 'connect' };
const timedOut = { code: 'ETIMEDOUT', syscall: 'connect' };
const away = ['ENETUNREACH', 'ENETDOWN', 'EHOSTUNREACH', 'EHOSTDOWN'];

describe('a connection that was never made has carried nothing', () => {
  it.each<readonly [string, unknown]>([
    ["Node's fetch", failed(error(refused))],
    ["Node's fetch, a name of several addresses", failed(several({ code: 'ECONNREFUSED' }, error(refused), error(refused)))],
    ['the first of several addresses timed out', failed(several({ code: 'ETIMEDOUT' }, error(timedOut), error(refused)))],
    ['all of several addresses timed out', failed(several({ code: 'ETIMEDOUT' }, error(timedOut), error(timedOut)))],
    ['several, without a code of their own', several({}, error(refused), error(timedOut))],
    ['undici, whose connecting took too long', failed(error({ code: 'UND_ERR_CONNECT_TIMEOUT' }))],
    ['undici, a certificate', failed(error({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }))],
    [
      'undici, the certificate of a proxy',
      failed(error({ code: 'UND_ERR_PRX_TLS' }, error({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }))),
    ],
    ['undici, a proxy', failed(error({ code: 'UND_ERR_ABORTED', message: 'Proxy response (403) !== 200 when HTTP Tunneling' }))],
    ['undici, a port', failed(new Error('bad port'))],
    ['Bun', error({ code: 'ConnectionRefused', path: 'https://mail.test/', errno: 0 })],
    ['Deno', Object.assign(new TypeError('error sending request'), { code: 'ECONNREFUSED' })],
    ['node-fetch 2', error({ name: 'FetchError', type: 'system', errno: 'ECONNREFUSED', code: 'ECONNREFUSED' })],
    ['node-fetch 3', error({ name: 'FetchError', type: 'system', code: 'ETIMEDOUT', erroredSysCall: 'connect' })],
    ['a wrapper without a meaning', error({ name: 'FetchError' }, failed(error(refused)))],
    ...away.map((code) => [`${code} in connecting`, failed(error({ code, syscall: 'connect' }))] as const),
    ['an alert', failed(error({ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' }))],
  ])('%s', (_, thrown) => {
    expect(nothingWritten(thrown)).toBe(true);
  });
});

describe('any other error leaves the request in doubt', () => {
  const timeout = new DOMException('The operation timed out.', 'TimeoutError');
  it.each<readonly [string, unknown]>([
    ['a time-out as a DOMException, whose code is a number', error(refused, timeout)],
    ['a time-out around it', Object.defineProperty(new DOMException('x', 'TimeoutError'), 'cause', { value: error(refused) })],
    ['an error without a code within', error(refused, new Error('socket hang up'))],
    ['an error without a code around it', new Error('socket hang up', { cause: error(refused) })],
    ['an error with a name of its own around it', error({ name: 'TimeoutError' }, error(refused))],
    ["Bun's closed connection", error({ code: 'ConnectionClosed' })],
    ["Bun's closed connection within", error({ code: 'ConnectionRefused' }, error({ code: 'ConnectionClosed' }))],
    ["Bun's closed connection around it", error({ code: 'ConnectionClosed' }, error({ code: 'ConnectionRefused' }))],
    ['an unknown code', error({ code: 'SOMETHING_NEW' }, error(refused))],
    ['a cause that is a text', error(refused, 'socket hang up')],
    ['a cause that is a number', error(refused, 7)],
    ['a cause that is an empty object', error(refused, {})],
    ['a code that is a number', error({ code: -111, syscall: 'connect' })],
    ['a call that is a number', error({ code: 'ECONNREFUSED', syscall: 7 })],
    ['a call that comes after', error({ code: 'ECONNREFUSED', syscall: 'writev' })],
    ['two calls, one of which comes after', error({ ...refused, erroredSysCall: 'read' })],
    ['node-fetch 3, on read', error({ name: 'FetchError', code: 'EHOSTUNREACH', errno: 'EHOSTUNREACH', erroredSysCall: 'read' })],
    ...away.map((code) => [`node-fetch 2, ${code}`, error({ name: 'FetchError', type: 'system', code })] as const),
    ['ETIMEDOUT without a call', failed(error({ code: 'ETIMEDOUT' }))],
    ['one of several addresses got further', several({ code: 'ETIMEDOUT' }, error(timedOut), error({ code: 'ETIMEDOUT' }))],
    ['several with a code that is not one of theirs', several({ code: 'ECONNRESET' }, error(refused), error(timedOut))],
    ['several with a call that comes after', several({ code: 'ECONNREFUSED', syscall: 'read' }, error(refused))],
    ['several with a meaningless cause', Object.assign(several({}, error(refused)), { cause: new Error('x') })],
    ['several of which one is a text', several({}, error(refused), 'reset')],
    ['none of several', several({ code: 'ECONNREFUSED' })],
    ['a proxy that refused after a reset', error({ code: 'ECONNRESET' }, error({ code: 'ERR_PROXY_TUNNEL', statusCode: 407 }))],
    ['a handshake in the middle of an answer', error({ code: 'ERR_TLS_RENEGOTIATION_DISABLED' })],
    ['a fetch that failed for no reason', new TypeError('fetch failed')],
  ])('%s', (_, thrown) => {
    expect(nothingWritten(thrown)).toBe(false);
    expect(nothingWritten(failed(thrown))).toBe(false);
  });

  it('an endless chain of causes', () => {
    const endless = error(refused);
    endless.cause = endless;
    expect(nothingWritten(endless)).toBe(false);
  });
});

it('a refused handshake proves nothing about another failure attached to it', () => {
  const alert = error({ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' });
  expect(handshakeRefused(failed(alert))).toBe(true);
  expect(handshakeRefused(error({ code: 'ECONNRESET', syscall: 'read' }, alert))).toBe(false);
  expect(handshakeRefused(Object.assign(alert, { cause: error({ code: 'ECONNRESET' }) }))).toBe(false);
  expect(handshakeRefused(failed(error(refused)))).toBe(false);
});
