import { describe, expect, it } from 'vitest';
import { basicAuth } from '../../src/index.ts';
import { type RelayOptions, relay } from '../../src/relay.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { numbersOfRow } from '../support/security-page.ts';

const origin = 'https://app.contoso.test';
const path = '/EWS/Exchange.asmx';
const upstream = `https://mail.contoso.test${path}`;
const base: RelayOptions = { upstreams: { [path]: upstream }, origins: [origin] };

interface Passed {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

function start(
  options: Partial<RelayOptions> = {},
  answer: (nth: number) => Response | Promise<Response> = () => new Response('ok'),
) {
  const passed: Passed[] = [];
  const fetch = (async (input: string, init: RequestInit) => {
    passed.push({ url: input, headers: new Headers(init.headers), body: String(init.body) });
    return answer(passed.length);
  }) as typeof globalThis.fetch;
  const handler = relay({ ...base, fetch, ...options });
  const ask = (id: string, init: { headers?: Record<string, string>; method?: string; body?: string; path?: string } = {}) =>
    handler(
      new Request(`https://relay.test${init.path ?? path}`, {
        method: init.method ?? 'POST',
        headers: { origin, 'client-request-id': id, 'content-type': 'text/xml', authorization: 'Basic x', ...init.headers },
        ...(init.method === undefined || init.method === 'POST' ? { body: init.body ?? '<CreateItem/>' } : {}),
      }),
    );
  return { ask, passed };
}

const foreign: readonly [string, number, Parameters<ReturnType<typeof start>['ask']>][] = [
  ['of another origin', 403, ['id-000001', { headers: { origin: 'https://evil.test' } }]],
  ['for another path', 404, ['id-000001', { path: '/owa/' }]],
  ['by another method', 405, ['id-000001', { method: 'GET' }]],
  ['without an id', 400, ['', {}]],
  ['with an odd id', 400, ['id 0001', {}]],
  ['that is too large', 413, ['id-000001', { body: 'x'.repeat(2_000) }]],
];

describe('a request', () => {
  it('is passed on with the login of the page, and nothing else of the page', async () => {
    const { ask, passed } = start();
    const response = await ask('id-000001', { headers: { cookie: 'session=1', 'x-other': '1', 'x-anchormailbox': 'a@b' } });
    expect([response.status, await response.text()]).toEqual([200, 'ok']);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(passed[0]).toMatchObject({ url: upstream, body: '<CreateItem/>' });
    expect([...(passed[0]?.headers.keys() ?? [])].sort()).toEqual([
      'authorization',
      'client-request-id',
      'content-type',
      'x-anchormailbox',
    ]);
  });

  it('is passed on once: a repetition gets 409, during the request and afterwards', async () => {
    const gate = Promise.withResolvers<void>();
    const { ask, passed } = start({}, async () => {
      await gate.promise;
      return new Response('ok');
    });
    const [first, second] = [ask('id-000001'), ask('id-000001')];
    expect((await second).status).toBe(409);
    gate.resolve();
    expect((await first).status).toBe(200);
    expect((await ask('id-000001')).status).toBe(409);
    expect((await ask('id-000002')).status).toBe(200);
    expect(passed).toHaveLength(2);
  });

  it('answered with an error is not passed on again: the server may have processed it', async () => {
    const { ask, passed } = start({}, () => new Response('', { status: 503 }));
    expect([(await ask('id-000001')).status, (await ask('id-000001')).status]).toEqual([503, 409]);
    const broken = start({}, () => Promise.reject(new TypeError('fetch failed')));
    expect([(await broken.ask('id-000001')).status, (await broken.ask('id-000001')).status]).toEqual([502, 409]);
    expect([passed.length, broken.passed.length]).toEqual([1, 1]);
  });

  it('answered with 401 may be repeated once, with another login', async () => {
    const { ask, passed } = start({}, (nth) => new Response('', { status: nth === 1 ? 401 : 200 }));
    expect([(await ask('id-000001')).status, (await ask('id-000001')).status, (await ask('id-000001')).status]).toEqual([
      401, 200, 409,
    ]);
    expect(passed).toHaveLength(2);
  });

  it('that was passed on is never reported as not passed on by a limit or login', async () => {
    let allowed = true;
    const { ask } = start({ requestsPerMinute: 1, authorize: () => allowed });
    expect((await ask('id-000001')).status).toBe(200);
    allowed = false;
    expect([(await ask('id-000001')).status, (await ask('id-000002')).status]).toEqual([409, 403]);
    allowed = true;
    expect((await ask('id-000002')).status).toBe(429);
  });

  it('is never reported as not passed on while another with its id is being authorized: that one may be', async () => {
    const gate = Promise.withResolvers<boolean>();
    const answers: (boolean | Promise<boolean>)[] = [gate.promise, false];
    const { ask, passed } = start({ authorize: () => answers.shift() ?? true });
    const first = ask('id-000001');
    expect((await ask('id-000001')).status).toBe(409);
    gate.resolve(true);
    expect((await first).status).toBe(200);
    expect(passed).toHaveLength(1);
  });

  it('refused, or not authorized, may be repeated', async () => {
    let calls = 0;
    const authorize = (): boolean => {
      calls += 1;
      if (calls === 1) throw new Error('no session store');
      return calls > 2;
    };
    const { ask, passed } = start({ authorize, maxRequestBytes: 1_024 });
    const statuses = [];
    for (const body of ['a', 'b', 'x'.repeat(2_000), 'd', 'e']) statuses.push((await ask('id-000001', { body })).status);
    expect(statuses).toEqual([502, 403, 413, 200, 409]);
    expect(passed.map(({ body }) => body)).toEqual(['d']);
  });

  it.each(foreign)('%s is refused', async (_, status, args) => {
    const { ask, passed } = start({ maxRequestBytes: 1_024 });
    const response = await ask(...args);
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe(status === 403 ? null : origin);
    expect(passed).toEqual([]);
  });

  it('beyond the limit has to wait for the minute to end', async () => {
    const clock = new ManualClock(0);
    const { ask } = start({ clock, requestsPerMinute: 2 });
    const statuses = async () =>
      (await Promise.all([1, 2, 3].map((n) => ask(`request-${clock.now()}-${n}`)))).map(({ status }) => status);
    expect(await statuses()).toEqual([200, 200, 429]);
    await clock.advance(60_000);
    expect(await statuses()).toEqual([200, 200, 429]);
  });

  it('with a response above the limit has it cut off', async () => {
    const { ask } = start({ maxResponseBytes: 1_024 }, () => new Response('x'.repeat(2_000)));
    expect((await ask('id-000001')).status).toBe(502);
  });
});

it('answers the preflight request of a browser', async () => {
  const { ask, passed } = start();
  const response = await ask('id-000001', { method: 'OPTIONS' });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-headers')).toContain('client-request-id');
  expect(passed).toEqual([]);
});

it('logs in itself if it has credentials, and passes on no login of the page', async () => {
  const { ask, passed } = start({ credentials: basicAuth({ username: 'relay', password: 'p' }), authorize: () => true });
  await ask('id-000001');
  expect(passed[0]?.headers.get('authorization')).toBe(`Basic ${btoa('relay:p')}`);
});

it('forgets passed-on ids after an hour, and accepts no more when it is full', async () => {
  const { MemoryPassedIds } = await import('../../src/relay/passed-ids.ts');
  const clock = new ManualClock(0);
  const ids = new MemoryPassedIds(clock, 2);
  expect([ids.take('a'), ids.take('b'), ids.take('c'), ids.take('a')]).toEqual([true, true, false, false]);
  await clock.advance(3_600_000);
  expect([ids.take('c'), ids.has('a')]).toEqual([true, false]);
});

const opening: readonly [string, object][] = [
  ['no upstream', { upstreams: {} }],
  ['an upstream in the clear', { upstreams: { [path]: 'http://mail.contoso.test/' } }],
  ['an upstream with a login', { upstreams: { [path]: 'https://a:b@mail.contoso.test/' } }],
  ['no origin', { origins: [] }],
  ['any origin', { origins: ['*'] }],
  ['a login for everybody', { credentials: basicAuth({ username: 'a', password: 'b' }) }],
  ['an unknown option', { upstream: '' }],
];

it('tries as many requests and options as docs/security.md says', () => {
  expect(numbersOfRow('Requests that the relay').tried).toEqual([foreign.length, opening.length]);
});

it.each(opening)('refuses %s', (_, options) => {
  expect(() => relay({ ...base, ...options } as RelayOptions)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^(OPTION_INVALID|INSECURE_URL)$/) }),
  );
});
