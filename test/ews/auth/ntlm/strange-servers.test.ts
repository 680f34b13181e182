/** What happens to a note when its login meets a server that interrupts it, or does not follow NTLM. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { flag, negotiateMessage } from '../../../../src/ews/auth/ntlm/messages.ts';
import { EwsTransport } from '../../../../src/ews/ews-transport.ts';
import type { EwsTransportOptions } from '../../../../src/ews/options.ts';
import { ntlmAuth } from '../../../../src/ntlm.ts';
import { ManualClock } from '../../../../src/testing/manual-clock.ts';
import { issueChallenge } from '../../../../src/testing/simulator/access/ntlm-messages.ts';
import type { DeliveryOutcome } from '../../../../src/transport/contract.ts';
import { paced } from '../../../support/pace.ts';
import { always, makeNote } from '../../support/harness.ts';
import { created, ok } from '../../support/responses.ts';

const names = { domain: 'CONTOSO', dnsDomain: 'contoso.test', computer: 'MAIL' };
const { message: challenge } = issueChallenge(names, 1_700_000_000_000);
const offered = (message: Buffer): Record<string, string> => ({
  'www-authenticate': `Negotiate, NTLM ${message.toString('base64')}`,
});

let server: Server | undefined;
let transport: EwsTransport | undefined;
let seen: { authorization: string; body: string }[] = [];

afterEach(async () => {
  await transport?.close();
  const closed = new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
  server?.closeAllConnections();
  await closed;
  seen = [];
});

type Handle = (response: ServerResponse, leg: 1 | 3 | undefined, request: IncomingMessage) => void;

async function deliver(handle: Handle, options: Partial<EwsTransportOptions> = {}): Promise<DeliveryOutcome | undefined> {
  server = createServer(async (request, response) => {
    request.on('error', () => {});
    response.on('error', () => {});
    let body = '';
    try {
      for await (const chunk of request) body += chunk;
    } catch {
      return;
    }
    const { authorization = '' } = request.headers;
    seen.push({ authorization, body });
    const type = Buffer.from(authorization.replace(/^NTLM /, ''), 'base64').at(8);
    handle(response, type === 1 || type === 3 ? type : undefined, request);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/EWS/Exchange.asmx`;
  transport = new EwsTransport({
    url,
    credentials: ntlmAuth({ username: 'alice', password: 'p', domain: 'CONTOSO' }),
    ...options,
  });
  return (await transport.deliver([makeNote(transport, 0)], always()))[0];
}

/** Challenges type 1, and handles type 3 as the test says. */
const afterChallenge =
  (then: Handle): Handle =>
  (response, leg, request) => {
    if (leg === 1) response.writeHead(401, offered(challenge)).end('<html>log in</html>');
    else then(response, leg, request);
  };

const bodies = (): boolean[] => seen.map(({ body }) => body !== '');

describe('before the body is sent, nothing can have been processed', () => {
  it('after a reset in the first leg', async () => {
    const outcome = await deliver((response) => response.socket?.resetAndDestroy());
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'endpoint', error: { code: 'ENDPOINT_UNREACHABLE' } });
    expect(bodies()).toEqual([false]);
  });

  it('after silence in the first leg', async () => {
    const clock = new ManualClock();
    const outcome = await deliver(() => void clock.advance(60_000), { requestTimeout: 60_000, clock });
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'mailbox', error: { code: 'REQUEST_TIMEOUT' } });
  });

  it.each([
    [500, 'deferred', 'endpoint'],
    [503, 'deferred', 'endpoint'],
    [200, 'deferred', 'endpoint'],
    [302, 'deferred', 'endpoint'],
    [404, 'blocked', 'endpoint'],
    [405, 'blocked', 'endpoint'],
    [410, 'blocked', 'endpoint'],
    [440, 'blocked', 'endpoint'],
    [204, 'deferred', 'endpoint'],
    [429, 'deferred', 'mailbox'],
    [403, 'blocked', 'endpoint'],
    [456, 'blocked', 'mailbox'],
    [400, 'deferred', 'endpoint'],
    [414, 'blocked', 'endpoint'],
    [431, 'blocked', 'endpoint'],
    [497, 'blocked', 'endpoint'],
  ] as const)('after HTTP %s to the first leg: %s, %s', async (status, outcome, scope) => {
    expect(await deliver((response) => response.writeHead(status).end())).toMatchObject({ status: outcome, scope });
    expect(bodies()).toEqual([false]);
  });

  const page = '<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head>';
  it.each<[string, number, Record<string, string>, string, RegExp]>([
    ['the page of a front', 400, {}, page, /refuses the request: The plain HTTP request/],
    ['a redirect to another host', 308, { location: 'https://new.contoso.test/EWS/Exchange.asmx' }, '', /moved to https:\/\/new/],
    ['a redirect to a login page', 302, { location: '/my.policy' }, '', /login page for browsers/],
    ['a login page', 200, { 'content-type': 'text/html' }, '<form><input type="password"></form>', /login page for browsers/],
    ['no such path', 404, {}, '', /there is no EWS at this URL/],
  ])('after %s: what must be mended is said as with another login', async (_, status, headers, body, why) => {
    const outcome = await deliver((response) => response.writeHead(status, headers).end(body));
    expect(outcome).toMatchObject({
      status: 'blocked',
      scope: 'endpoint',
      sent: 'no',
      error: { message: expect.stringMatching(why) },
    });
    expect(bodies()).toEqual([false]);
  });

  it.each([403, 404])('an address that the front end does not know (HTTP %s) blocks only its mailbox', async (status) => {
    const outcome = await deliver((response) => response.writeHead(status, { 'x-caserrorcode': 'UserNotFound' }).end());
    expect(outcome).toMatchObject({ status: 'blocked', scope: 'mailbox', sent: 'no' });
  });

  it.each([503, 500, 302])('after HTTP %s with Retry-After: not before that', async (status) => {
    const outcome = await deliver((response) => response.writeHead(status, { 'retry-after': '600' }).end());
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'endpoint', retryAfter: 600_000 });
  });

  it.each([200, 400])('after a page of HTTP %s that breaks off', async (status) => {
    const outcome = await deliver((response) => {
      response.writeHead(status, { 'content-length': '100' }).write('<html>');
      setImmediate(() => response.destroy());
    });
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'endpoint', error: { code: 'HTTP_STATUS' } });
  });

  it('after a 401 without a challenge', async () => {
    const outcome = await deliver((response) => response.writeHead(401, { 'www-authenticate': 'NTLM, Negotiate' }).end());
    expect(outcome).toMatchObject({ status: 'blocked', scope: 'mailbox', sent: 'no', error: { code: 'AUTHENTICATION_FAILED' } });
  });

  it('if the server closes the connection after each response', async () => {
    const outcome = await deliver((response, leg) => {
      if (leg === 1) response.writeHead(401, { ...offered(challenge), connection: 'close' }).end();
      else response.writeHead(200).end(created(ok));
    });
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'mailbox', error: { code: 'AUTHENTICATION_FAILED' } });
    expect(bodies()).not.toContain(true);
    expect(seen.length).toBeLessThan(6);
  });

  const cut = challenge.subarray(0, 40);
  const withoutUnicode = Buffer.from(challenge);
  withoutUnicode.writeUInt32LE((challenge.readUInt32LE(20) & ~flag.unicode) >>> 0, 20);
  const beyond = Buffer.from(challenge);
  beyond.writeUInt32LE(0xfffffff0, 44);
  const brokenPairs = Buffer.from(challenge);
  brokenPairs.writeUInt16LE(0xffff, 56 + 14 + 2);
  it.each([
    ['that is cut off', challenge.subarray(0, 20)],
    ['of another type', negotiateMessage()],
    ['without Unicode', withoutUnicode],
    ['that points beyond its end', beyond],
    ['with pairs beyond its end', brokenPairs],
    ['that is no NTLM at all', Buffer.from('hello, I am a server of another kind')],
  ])('after a challenge %s', async (_, message) => {
    const outcome = await deliver((response) => response.writeHead(401, offered(message)).end());
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'mailbox', error: { code: 'AUTHENTICATION_FAILED' } });
    expect(bodies()).toEqual([false]);
  });

  it('after an endless page beside the challenge', async () => {
    const before = process.memoryUsage().rss;
    const outcome = await deliver((response) => {
      response.writeHead(401, offered(challenge));
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'mailbox', error: { code: 'AUTHENTICATION_FAILED' } });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('after a slow page beside the challenge, which ends at the deadline', async () => {
    const clock = new ManualClock();
    const outcome = await deliver(
      (response) => {
        response.writeHead(401, offered(challenge));
        const timer = setInterval(() => response.write('x', () => void clock.advance(10_000)), 10);
        response.on('close', () => clearInterval(timer));
      },
      { requestTimeout: 60_000, clock },
    );
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'mailbox', error: { code: 'REQUEST_TIMEOUT' } });
  });

  it('answers a challenge without target information', async () => {
    const bare = Buffer.from(cut);
    bare.writeUInt32LE((bare.readUInt32LE(20) & ~flag.targetInfo) >>> 0, 20);
    const outcome = await deliver((response, leg) => {
      if (leg === 1) response.writeHead(401, offered(bare)).end();
      else response.writeHead(200, { 'content-type': 'text/xml' }).end(created(ok));
    });
    expect(outcome).toMatchObject({ status: 'delivered' });
  });
});

describe('once the body is sent', () => {
  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const)('its answer is read, though it was asked for uncompressed: %s', async (encoding, compressed) => {
    const headers = { 'content-type': 'text/xml', 'content-encoding': encoding };
    const outcome = await deliver(afterChallenge((response) => response.writeHead(200, headers).end(compressed(created(ok)))));
    expect(outcome).toMatchObject({ status: 'delivered' });
  });

  it.each(['zstd2', 'gzip'])('a compression that cannot be read leaves it in doubt: %s', async (encoding) => {
    const headers = { 'content-type': 'text/xml', 'content-encoding': encoding };
    const outcome = await deliver(afterChallenge((response) => response.writeHead(200, headers).end(created(ok))));
    expect(outcome).toMatchObject({ status: 'unconfirmed' });
  });

  it.each([
    [401, { status: 'blocked', scope: 'mailbox', sent: 'no' }],
    [403, { status: 'blocked', scope: 'endpoint', sent: 'no' }],
    [429, { status: 'deferred', scope: 'mailbox' }],
  ])('a status that tells what became of it counts, whatever its page is compressed with: %s', async (status, expected) => {
    const headers = { 'content-type': 'text/html', 'content-encoding': 'zstd2' };
    expect(await deliver(afterChallenge((response) => response.writeHead(status, headers).end('<p>no</p>')))).toMatchObject(
      expected,
    );
  });

  it('a 401 proves that it was not processed', async () => {
    const outcome = await deliver(afterChallenge((response) => response.writeHead(401).end()));
    expect(outcome).toMatchObject({ status: 'blocked', scope: 'mailbox', sent: 'no' });
    expect(bodies()).toEqual([false, true]);
  });

  it('a reset leaves it in doubt', async () => {
    const outcome = await deliver(afterChallenge((response) => response.socket?.resetAndDestroy()));
    expect(outcome).toMatchObject({ status: 'unconfirmed', scope: 'endpoint', error: { code: 'CONNECTION_LOST' } });
    expect(bodies()).toEqual([false, true]);
  });

  it.each([0.01, 0.5, 0.99])('a reset after %s of the response leaves it in doubt', async (part) => {
    const answer = created(ok);
    const outcome = await deliver(
      afterChallenge((response) => {
        response.writeHead(200, { 'content-type': 'text/xml', 'content-length': answer.length });
        response.write(answer.slice(0, Math.ceil(answer.length * part)), () => response.socket?.resetAndDestroy());
      }),
    );
    expect(outcome).toMatchObject({ status: 'unconfirmed' });
  });

  it('silence leaves it in doubt', async () => {
    const outcome = await deliver(
      afterChallenge(() => {}),
      { requestTimeout: paced(1_000) },
    );
    expect(outcome).toMatchObject({ status: 'unconfirmed', error: { code: 'REQUEST_TIMEOUT' } });
  });

  it('a response that is too large is not read to the end', async () => {
    const outcome = await deliver(
      afterChallenge((response) => {
        response.writeHead(200, { 'content-type': 'text/xml' });
        const more = (): void => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        };
        response.on('drain', more);
        more();
      }),
    );
    expect(outcome).toMatchObject({ status: 'unconfirmed', error: { code: 'RESPONSE_TOO_LARGE' } });
  });

  it('HTTP 500 and 503 mean the same as elsewhere', async () => {
    expect(await deliver(afterChallenge((response) => response.writeHead(503).end()))).toMatchObject({ status: 'unconfirmed' });
  });
});
