/** A proxy in front of Graph that does not connect: nothing reached the service, and the reason names the proxy. */
import { describe, expect, it } from 'vitest';
import { canned } from '../support/canned.ts';

/** The errors of undici's ProxyAgent and of Node's own proxies. */
const refusals = (status: number): readonly object[] => [
  { code: 'UND_ERR_ABORTED', message: `Proxy response (${status}) !== 200 when HTTP Tunneling` },
  { code: 'ERR_PROXY_TUNNEL', statusCode: status, message: 'no tunnel' },
];

const refusedBy = (refusal: object) =>
  canned(() => {
    throw Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('x'), refusal) });
  });

describe('a proxy that refuses to connect to Graph', () => {
  it.each(refusals(407))('and requires a login blocks the endpoint: %j', async (refusal) => {
    const { deliverOne, probe } = refusedBy(refusal);
    const error = { code: 'ENDPOINT_UNREACHABLE', message: expect.stringMatching(/proxy.*407.*login/) };
    expect(await deliverOne()).toMatchObject({ status: 'blocked', scope: 'endpoint', sent: 'no', error });
    expect(await probe()).toMatchObject([{ status: 'unknown', scope: 'endpoint', blocked: true, error }]);
  });

  it.each(refusals(503))('temporarily defers its notes: %j', async (refusal) => {
    const { deliverOne, probe } = refusedBy(refusal);
    const error = { code: 'ENDPOINT_UNREACHABLE', message: expect.stringMatching(/proxy.*503/) };
    expect(await deliverOne()).toMatchObject({ status: 'deferred', scope: 'endpoint', error });
    const [result] = await probe();
    expect(result).toMatchObject({ status: 'unknown', scope: 'endpoint', error });
    expect(result).not.toHaveProperty('blocked');
  });
});

it.each([407, 511])('a %i returned by fetch comes from a proxy that requires a login', async (status) => {
  expect(await canned(() => ({ status })).deliverOne()).toMatchObject({
    status: 'blocked',
    scope: 'endpoint',
    sent: 'no',
    error: { code: 'HTTP_STATUS', message: expect.stringMatching(/on the way wants a login/) },
  });
});
