/** Hosts whose getToken throws, hangs or returns nonsense; and what must never be sent. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { bearerAuth } from '../../../src/ews/auth/bearer-auth.ts';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { numbersOfRow } from '../../support/security-page.ts';
import { alice, host, notSent } from '../support/bearer-host.ts';

/** Text that no random request id, which is hexadecimal, can contain. */
const secret = 'xyzzy';

const never = (): Promise<never> => new Promise(() => {});

describe('a host whose getToken', () => {
  it('rejects: nothing is sent', async () => {
    const { deliver, requests } = await host(() => Promise.reject(new Error('no network')));
    expect(await deliver()).toMatchObject(notSent);
    expect(requests()).toBe(0);
  });

  it('throws synchronously: nothing is sent', async () => {
    const { deliver } = await host(() => {
      throw new TypeError('oops');
    });
    const outcome = await deliver();
    expect(outcome).toMatchObject(notSent);
    expect(inspect(outcome)).toContain('TypeError');
    expect(inspect(outcome)).not.toContain('oops');
  });

  it('hangs: the request ends at the deadline, and the next one asks again', async () => {
    const clock = new ManualClock();
    const signals: AbortSignal[] = [];
    const { asked, deliver, requests } = await host(
      (server, nth, signal) => {
        signals.push(signal);
        return nth === 1 ? never() : server.tokens.issue(alice);
      },
      { requestTimeout: 100, clock },
    );
    const outcomes = Promise.all([deliver(0), deliver(1)]);
    await clock.advance(100);
    expect(await outcomes).toMatchObject([
      { status: 'deferred', scope: 'mailbox', error: { code: 'REQUEST_TIMEOUT' } },
      { status: 'deferred', scope: 'mailbox', error: { code: 'REQUEST_TIMEOUT' } },
    ]);
    expect(requests()).toBe(0);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(await deliver()).toMatchObject({ status: 'delivered' });
    expect(asked).toEqual(['first', 'first']);
  });

  it('hangs: it is abandoned after 30 s, no matter who still waits', async () => {
    const clock = new ManualClock();
    const { asked, deliver } = await host((server, nth) => (nth === 1 ? never() : server.tokens.issue(alice)), { clock });
    const outcome = deliver();
    await clock.advance(30_000);
    expect(await outcome).toMatchObject(notSent);
    expect(await deliver()).toMatchObject({ status: 'delivered' });
    expect(asked).toEqual(['first', 'first']);
  });

  it.each<[unknown, string]>([
    ['', 'nothing'],
    [`Bearer ${secret}`, 'the word Bearer too'],
    ['a\r\nx-evil: 1', 'a line break'],
    [undefined, 'undefined'],
    [{ token: 42 }, 'a number'],
    [{ token: secret, expiresAt: new Date('never') }, 'a date that is none'],
    [{ token: secret, expiresAt: 'soon' }, 'a word for a time'],
    [{ token: secret, expiresAt: '3600' }, 'a number in quotes'],
  ])('returns %j: %s', async (given: unknown) => {
    const { deliver, requests } = await host(() => given as string);
    const outcome = await deliver();
    expect(outcome).toMatchObject({ status: 'blocked', scope: 'mailbox', sent: 'no', error: { code: 'AUTHENTICATION_FAILED' } });
    expect(inspect(outcome, { depth: 9 })).not.toContain(secret);
    expect(requests()).toBe(0);
  });
});

it('errors and trace contain no token and no secret', async () => {
  const lines: unknown[] = [];
  const logger = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((level) => [level, (f: unknown) => lines.push(f)]));
  const failure = Object.assign(
    new Error('400 from /token?client_secret=hunter2hunter2&x=1, Bearer abcdefghijklmnopqrstuvwxyz012345'),
    {
      config: { data: 'client_secret=hunter2hunter2' },
      code: 'invalid_client',
    },
  );
  const { deliver, asked } = await host(
    (_, nth) => {
      if (nth === 3) throw failure;
      return 'eyJhbGciOi.c2VjcmV0LXNlY3JldA.sig';
    },
    { logger: logger as never, clock: new ManualClock() },
  );
  const first = await deliver();
  expect(asked).toEqual(['first', 'refused']);
  const { deliver: failing } = await host(() => Promise.reject(failure), { logger: logger as never });
  const second = await failing();
  const everything = inspect([first, second, lines], { depth: 20, maxStringLength: null });
  expect(everything).toContain('invalid_client');
  for (const secret of ['eyJhbGciOi', 'c2VjcmV0', 'hunter2', 'abcdefghijklmnop']) expect(everything).not.toContain(secret);
});

it('names the invalid option', () => {
  expect(() => bearerAuth({} as never)).toThrow(/getToken/);
  expect(() => bearerAuth(undefined as never)).toThrow(/getToken/);
  expect(() => bearerAuth({ getToken: () => 'x', refreshBefore: -1 })).toThrow(/-1/);
  expect(() => bearerAuth({ getToken: () => 'x', refreshBefore: Number.NaN })).toThrow(/NaN/);
});

it.each<[string, unknown, string, 'blocked' | 'deferred']>([
  ['a refusal of Entra ID', new Error('AADSTS7000222: The provided client secret keys are expired.'), 'AADSTS7000222', 'blocked'],
  ['a refusal of OAuth', Object.assign(new Error('x'), { errorCode: 'invalid_client' }), 'invalid_client', 'blocked'],
  ['a grant that has ended', Object.assign(new Error('x'), { error: 'invalid_grant' }), 'invalid_grant', 'blocked'],
  ['Entra ID that asks to try again', new Error('AADSTS90006: External server retryable error.'), 'AADSTS90006', 'deferred'],
  [
    'a number beside a code that passes',
    Object.assign(new Error('AADSTS700000: x'), { error: 'temporarily_unavailable' }),
    'AADSTS700000',
    'deferred',
  ],
  ['Entra ID being busy', new Error('AADSTS90033: A transient error has occurred.'), 'AADSTS90033', 'deferred'],
  [
    'a provider that is down',
    Object.assign(new Error('x'), { error: 'temporarily_unavailable' }),
    'temporarily_unavailable',
    'deferred',
  ],
  ['a network that is away', new TypeError('x', { cause: { code: 'ECONNREFUSED' } }), 'ECONNREFUSED', 'deferred'],
])('reports %s by its code, and waits for someone to act or retries by itself', async (_, error, code, status) => {
  const { deliver } = await host(() => Promise.reject(error));
  expect(await deliver()).toMatchObject({
    status,
    error: { message: `getToken failed (${code}).`, details: { errorCode: code } },
  });
});

const secrets: readonly [string, unknown][] = [
  [
    'in its text, however it is called',
    new Error('token was xyzzy; {"client_secret":"xyzzy"} https://svc:xyzzy@idp/ ?sig=xyzzy'),
  ],
  ['as its name, its code, its class', Object.assign(new Error('x'), { name: 'xyzzy', code: 'xyzzy-123', errorCode: 'xyzzy' })],
  ['in its cause', new Error('x', { cause: { code: 'xyzzy', config: { data: 'xyzzy' } } })],
  ['as a string', 'xyzzy'],
];

it('tries as many secrets as docs/security.md says', () => {
  expect(numbersOfRow('Secrets in errors').tried).toEqual([secrets.length, 2]);
});

it.each(secrets)('a secret %s is masked', async (_, error) => {
  const { deliver } = await host(() => Promise.reject(error));
  expect(inspect(await deliver(), { depth: 9 })).not.toContain('xyzzy');
});

it('reads an error of the length of a page in no time', async () => {
  const { deliver } = await host(() => Promise.reject(new Error(`<html>token${' '.repeat(2_000_000)}`)));
  const start = process.cpuUsage();
  await deliver();
  expect(process.cpuUsage(start).user).toBeLessThan(1_000_000);
});
