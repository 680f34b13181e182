/** Tokens that never arrive, are always refused, or need more claims: requested once, the host informed, nothing sent twice. */
import { describe, expect, it } from 'vitest';
import type { TokenRequest } from '../../../src/graph/options.ts';
import { ManualClock } from '../../../src/testing.ts';
import { accepted, canned, nothing } from '../support/canned.ts';

const claims = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}';
const challenged = (text = claims, status = 401) => ({
  status,
  headers: {
    'www-authenticate': `Bearer realm="", error="insufficient_claims", claims="${Buffer.from(text).toString('base64')}"`,
  },
  json: { error: { code: 'InvalidAuthenticationToken', message: 'Continuous access evaluation' } },
});
const refused = { status: 401, json: { error: { code: 'InvalidAuthenticationToken', message: '' } } };
const bearer = (headers: Headers): string => headers.get('authorization')?.replace('Bearer ', '') ?? '';

/** A host with numbered tokens; `asked` holds the request of each. */
function counting() {
  const asked: TokenRequest[] = [];
  const credential = async (_: unknown, request: TokenRequest) => {
    asked.push(request);
    return { token: `token-${asked.length}` };
  };
  return { asked, credential };
}

describe('a token that never arrives', () => {
  it.each([
    ['of a function', (never: Promise<never>) => () => never, 'mailbox'],
    ['of a credential', (never: Promise<never>) => ({ getToken: () => never }), 'endpoint'],
  ] as const)('%s: deferred after the timeout, as if the token endpoint were down, with nothing sent', async (_, make, scope) => {
    const clock = new ManualClock();
    const never = new Promise<never>(() => {});
    const { deliverOne, asked } = canned(() => accepted, { credential: make(never), clock, requestTimeout: 10_000 });
    const outcome = deliverOne();
    await clock.advance(9_999);
    expect(await Promise.race([outcome, Promise.resolve('open')])).toBe('open');
    await clock.advance(1);
    expect(await outcome).toMatchObject({ status: 'deferred', scope, error: { code: 'AUTHENTICATION_FAILED' } });
    expect(asked).toEqual([]);
  });

  it('is requested again by later callers, and the signal of the first request is aborted', async () => {
    const clock = new ManualClock();
    const requests: TokenRequest[] = [];
    const credential = (_: unknown, request: TokenRequest): Promise<{ token: string }> => {
      requests.push(request);
      return requests.length === 1 ? new Promise<never>(() => {}) : Promise.resolve({ token: 'good' });
    };
    const { deliverOne, note } = canned(() => accepted, { credential, clock });
    const first = deliverOne(note(1));
    await clock.advance(30_000);
    expect(await first).toMatchObject({ status: 'deferred', error: { code: 'AUTHENTICATION_FAILED' } });
    expect(requests[0]?.signal.aborted).toBe(true);
    expect(await deliverOne(note(2))).toMatchObject({ status: 'delivered' });
  });

  it('makes a probe unknown, not absent, and blocks nothing', async () => {
    const clock = new ManualClock();
    const { probe } = canned(() => nothing, { credential: () => new Promise<never>(() => {}), clock, requestTimeout: 5_000 });
    const results = probe();
    await clock.advance(5_000);
    const [result] = await results;
    expect(result).toMatchObject({ status: 'unknown', scope: 'mailbox' });
    expect(result).not.toHaveProperty('blocked');
  });
});

describe('repeated refusals', () => {
  it.each([
    ['plain', refused, undefined],
    ['with claims', challenged(), claims],
  ])('%s: one more token, one more request, then blocked', async (_, answer, expected) => {
    const host = counting();
    const { deliverOne, note, asked } = canned(() => answer, { credential: host.credential });
    expect(await deliverOne()).toMatchObject({ status: 'blocked', scope: 'mailbox', sent: 'no' });
    expect(asked.map(({ headers }) => bearer(headers))).toEqual(['token-1', 'token-2']);
    expect(host.asked.map((request) => request.claims)).toEqual([undefined, expected]);
    // The next note learns that with one request, and the host is left alone for a while.
    for (let n = 2; n < 20; n++) expect(await deliverOne(note(n))).toMatchObject({ status: 'blocked', sent: 'no' });
    expect(asked).toHaveLength(2 + 18);
    expect(host.asked).toHaveLength(2);
  });

  it('with claims that change each time do not go on forever', async () => {
    const host = counting();
    let n = 0;
    const { deliverOne, note } = canned(() => challenged(`{"n":${n++}}`), { credential: host.credential });
    for (let at = 0; at < 20; at++) expect(await deliverOne(note(at))).toMatchObject({ status: 'blocked', sent: 'no' });
    expect(host.asked).toHaveLength(2);
  });

  it.each([
    ['no base64', '%%%'],
    ['no JSON', Buffer.from('{"a"').toString('base64')],
    ['no object', Buffer.from('[1]').toString('base64')],
    ['too long', Buffer.from(`{"a":"${'x'.repeat(20_000)}"}`).toString('base64')],
    ['empty', ''],
  ])('with claims that are %s do not pass them on', async (_, encoded) => {
    const host = counting();
    const headers = { 'www-authenticate': `Bearer error="insufficient_claims", claims="${encoded}"` };
    const { deliverOne } = canned(() => ({ ...refused, headers }), { credential: host.credential });
    expect(await deliverOne()).toMatchObject({ status: 'blocked' });
    expect(host.asked.map((request) => request.claims)).toEqual([undefined, undefined]);
  });

  it('403 with claims requests them too, and stays a 403 if they do not help', async () => {
    const host = counting();
    const { deliverOne, asked } = canned(() => challenged(claims, 403), { credential: host.credential });
    expect(await deliverOne()).toMatchObject({ status: 'blocked', sent: 'no' });
    expect(host.asked.map((request) => request.claims)).toEqual([undefined, claims]);
    expect(asked).toHaveLength(2);
  });
});

describe('claims', () => {
  it('are requested once by many challenged requests, which all continue with that token', async () => {
    const host = counting();
    const { deliver, note, asked } = canned(({ headers }) => (bearer(headers) === 'token-1' ? challenged() : accepted), {
      credential: host.credential,
    });
    const outcomes = await deliver(Array.from({ length: 4 }, (_, n) => note(n)));
    expect(outcomes.map(({ status }) => status)).toEqual(Array(4).fill('delivered'));
    expect(host.asked.map((request) => request.claims)).toEqual([undefined, claims]);
    expect(asked.length).toBeLessThanOrEqual(8);
  });

  it('are requested even if another token without them has arrived meanwhile', async () => {
    const clock = new ManualClock();
    const asked: TokenRequest[] = [];
    const credential = async (_: unknown, request: TokenRequest) => {
      asked.push(request);
      return { token: `token-${asked.length}`, expiresAt: clock.now() + 600_000 };
    };
    const wants = (headers: Headers): boolean => asked[Number(bearer(headers).slice(6)) - 1]?.claims === undefined;
    let open = 0;
    const { deliverOne, note } = canned(
      async ({ headers }) => {
        // Shortly before it expires, the token is renewed in parallel with this very request.
        if (open++ === 1) await clock.advance(1);
        return open > 1 && wants(headers) ? challenged() : accepted;
      },
      { credential, clock },
    );
    expect(await deliverOne(note(1))).toMatchObject({ status: 'delivered' });
    await clock.advance(320_000);
    expect(await deliverOne(note(2))).toMatchObject({ status: 'delivered' });
    expect(asked.map((request) => request.claims)).toEqual([undefined, undefined, claims]);
  });
});

describe('an invalid token', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'the result of MSAL',
      { accessToken: 'very.secret', expiresOn: new Date() },
      /expected its text without "Bearer", or \{ token, expiresAt \}/,
    ],
    ['a header', { token: 'Bearer very.secret' }, /without "Bearer"/],
    ['nothing', null, /expected its text/],
  ])('%s is described in a helpful sentence, without its content', async (_, token, words) => {
    const credential = (async () => token) as never;
    const outcome = await canned(() => accepted, { credential }).deliverOne();
    expect(outcome).toMatchObject({ status: 'blocked', scope: 'mailbox', sent: 'no', error: { code: 'AUTHENTICATION_FAILED' } });
    const said = outcome.status === 'delivered' ? '' : outcome.error.message;
    expect(said).toMatch(words);
    expect(said).not.toContain('secret');
  });
});
