import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/testing/manual-clock.ts';
import { paced } from '../../support/pace.ts';
import { always, useHarness } from '../support/harness.ts';
import { created, ok } from '../support/responses.ts';

const h = useHarness();
const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** A bare TCP server, and its URL. */
async function tcp(onSocket: (socket: Socket) => void, scheme = 'http'): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onSocket(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `${scheme}://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/EWS/Exchange.asmx`;
}

const notWritten = { status: 'deferred', scope: 'endpoint', error: { code: 'ENDPOINT_UNREACHABLE' } };
const unknown = { status: 'unconfirmed', scope: 'endpoint', error: { code: 'CONNECTION_LOST' } };

describe('knows that nothing was sent after', () => {
  it('a refused connection', async () => {
    const url = await tcp(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect((await h.deliver(2, { url }))[0]).toMatchObject({
      ...notWritten,
      error: { details: { connectionCode: 'ECONNREFUSED' } },
    });
  });

  it('a refused connection on every address of a name', async () => {
    const url = await tcp(() => {});
    await new Promise((resolve) => servers.pop()?.close(resolve));
    expect((await h.deliver(1, { url: url.replace('127.0.0.1', 'localhost') }))[0]).toMatchObject(notWritten);
  });

  it('a server that does not speak TLS', async () => {
    const url = await tcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), 'https');
    expect((await h.deliver(1, { url }))[0]).toMatchObject(notWritten);
  });

  const codes = [
    'ENOTFOUND',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UND_ERR_CONNECT_TIMEOUT',
    'EAI_AGAIN',
    'ConnectionRefused',
  ];
  it.each(codes)('%s', async (code) => {
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) }));
    expect((await h.deliver(1, { fetch }))[0]).toMatchObject(notWritten);
  });

  it.each([
    { code: 'EPERM', syscall: 'connect' },
    { code: 'ECONNRESET', syscall: 'connect' },
    { code: 'ETIMEDOUT', syscall: 'connect' },
    { code: 'EMFILE', syscall: 'socket' },
    { code: 'EAI_SYSTEM', syscall: 'getaddrinfo' },
    { code: 'ESERVFAIL', syscall: 'queryA' },
  ])('a system error before connecting: $syscall $code', async (facts) => {
    const cause = Object.assign(new Error('x'), facts);
    expect((await h.deliver(1, { fetch: () => Promise.reject(new TypeError('fetch failed', { cause })) }))[0]).toMatchObject(
      notWritten,
    );
  });

  it.each(['http://127.0.0.1:6000/EWS/Exchange.asmx', 'https://127.0.0.1:10080/EWS/Exchange.asmx'])(
    'fetch refusing the port: %s',
    async (url) => {
      expect((await h.deliver(1, { url }))[0]).toMatchObject(notWritten);
    },
  );

  it('mayWrite() returning false', async () => {
    const transport = h.transport();
    const outcomes = await transport.deliver([h.note(transport, 0)], { ...always(), mayWrite: () => false });
    expect(outcomes[0]).toMatchObject({ status: 'deferred', scope: 'note', retryAfter: 0, error: { code: 'NOT_ATTEMPTED' } });
    expect(h.server.requests).toHaveLength(0);
  });

  it('an abort before the request', async () => {
    const transport = h.transport();
    const outcomes = await transport.deliver([h.note(transport, 0)], always(AbortSignal.abort()));
    expect(outcomes[0]).toMatchObject({ status: 'deferred', retryAfter: 0, error: { code: 'NOT_ATTEMPTED' } });
    expect(h.server.requests).toHaveLength(0);
  });

  it('a failed login', async () => {
    const credentials = { scheme: 'broken', authenticate: () => Promise.reject(new Error('no token')) };
    expect((await h.deliver(1, { credentials }))[0]).toMatchObject({ status: 'deferred', scope: 'mailbox' });
    expect(h.server.requests).toHaveLength(0);
  });
});

describe('assumes that the request may have been processed after', () => {
  it('a reset before the answer', async () => {
    h.server.handler = (_, response) => {
      response.socket?.resetAndDestroy();
      return undefined;
    };
    expect((await h.deliver(2))[1]).toMatchObject(unknown);
  });

  it('a reset in the middle of the answer', async () => {
    h.server.handler = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.write(created(ok).slice(0, 200), () => response.socket?.resetAndDestroy());
      return undefined;
    };
    expect((await h.deliver(1))[0]).toMatchObject(unknown);
  });

  it('fewer bytes than announced', async () => {
    const body = created(ok);
    const url = await tcp((socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length + 1}\r\n\r\n${body}`));
    });
    expect((await h.deliver(1, { url }))[0]).toMatchObject(unknown);
  });

  it('endless headers', async () => {
    const url = await tcp((socket) => {
      socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}`));
    });
    expect((await h.deliver(1, { url, requestTimeout: 2000 }))[0]).toMatchObject({ status: 'unconfirmed' });
  });

  it.each(['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE', 'SOMETHING_NEW', undefined])('%s', async (code) => {
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) }));
    expect((await h.deliver(1, { fetch }))[0]).toMatchObject(unknown);
  });

  it.each(['read', 'write'])('an unreachable network on %s, on an open connection', async (syscall) => {
    const cause = Object.assign(new Error('x'), { code: 'EHOSTUNREACH', syscall });
    expect((await h.deliver(1, { fetch: () => Promise.reject(new TypeError('fetch failed', { cause })) }))[0]).toMatchObject(
      unknown,
    );
  });

  it('one of several addresses getting further', async () => {
    const errors = ['ECONNREFUSED', 'ECONNRESET'].map((code) => Object.assign(new Error('x'), { code }));
    const cause = Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' });
    expect((await h.deliver(1, { fetch: () => Promise.reject(new TypeError('fetch failed', { cause })) }))[0]).toMatchObject(
      unknown,
    );
  });

  it('an empty rejection', async () => {
    expect((await h.deliver(1, { fetch: () => Promise.reject(undefined) }))[0]).toMatchObject(unknown);
  });

  it('a rejection that is not an Error', async () => {
    expect((await h.deliver(1, { fetch: () => Promise.reject('no') }))[0]).toMatchObject(unknown);
  });

  it('a failed login after a response other than 401', async () => {
    h.server.handler = () => ({ status: 500 });
    const credentials = {
      scheme: 'odd',
      authenticate: async (send: (headers: Record<string, string>) => Promise<Response>) => {
        await send({});
        throw new Error('odd');
      },
    };
    expect((await h.deliver(1, { credentials }))[0]).toMatchObject({ status: 'unconfirmed' });
  });
});

describe('the deadline covers', () => {
  const timeout = { status: 'unconfirmed', scope: 'mailbox', error: { code: 'REQUEST_TIMEOUT' } };
  const quick = { requestTimeout: 150 };
  // By what the server has received: on a busy machine, nothing may have arrived after some time of a real clock.
  let clock: ManualClock;
  const minute = () => ({ requestTimeout: 60_000, clock });
  beforeEach(() => {
    clock = new ManualClock();
  });

  it('a missing response', async () => {
    h.server.handler = () => void clock.advance(60_000);
    expect((await h.deliver(1, minute()))[0]).toMatchObject(timeout);
  });

  it('headers followed by nothing', async () => {
    h.server.handler = (_, response) => {
      response.writeHead(200).flushHeaders();
      void clock.advance(60_000);
      return undefined;
    };
    expect((await h.deliver(1, minute()))[0]).toMatchObject(timeout);
  });

  it('a slow drip', async () => {
    h.server.handler = (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' ', () => void clock.advance(10_000)), 20);
      response.on('close', () => clearInterval(timer));
      return undefined;
    };
    expect((await h.deliver(1, minute()))[0]).toMatchObject(timeout);
  });

  it('a fetch that ignores its signal', async () => {
    expect((await h.deliver(1, { ...quick, fetch: () => new Promise(() => {}) }))[0]).toMatchObject(timeout);
  });

  it('a body that ignores its signal', async () => {
    const fetch = async () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }));
    expect((await h.deliver(1, { ...quick, fetch }))[0]).toMatchObject(timeout);
  });

  it('a hanging login: nothing was sent', async () => {
    const credentials = { scheme: 'slow', authenticate: () => new Promise<Response>(() => {}) };
    expect((await h.deliver(1, { ...quick, credentials }))[0]).toMatchObject({
      status: 'deferred',
      error: { code: 'REQUEST_TIMEOUT' },
    });
  });

  it('the page of a refusal: its status still counts', async () => {
    h.server.handler = (_, response) => {
      response.writeHead(503, { 'retry-after': '5' }).write('x');
      return undefined;
    };
    // Long enough for the status to arrive on a busy machine; the page never ends.
    expect((await h.deliver(1, { requestTimeout: paced(1_500) }))[0]).toMatchObject({
      status: 'unconfirmed',
      scope: 'endpoint',
      retryAfter: 5000,
    });
  });
});

it('an abort during the request leaves the outcome unknown', async () => {
  const abort = new AbortController();
  h.server.handler = () => {
    abort.abort();
    return undefined;
  };
  const transport = h.transport();
  const outcomes = await transport.deliver([h.note(transport, 0)], always(abort.signal));
  expect(outcomes[0]).toMatchObject({ status: 'unconfirmed', scope: 'note', error: { code: 'REQUEST_ABORTED' } });
});

it('a response beyond the size limit is not read to the end', async () => {
  let sent = 0;
  h.server.handler = (_, response) => {
    response.writeHead(200);
    const more = (): void => {
      for (let writing = true; writing && !response.destroyed; sent += 65_536) writing = response.write('x'.repeat(65_536));
    };
    response.on('drain', more);
    more();
    return undefined;
  };
  const [outcome] = await h.deliver(1, { maxResponseBytes: 100_000 });
  expect(outcome).toMatchObject({ status: 'unconfirmed', error: { code: 'RESPONSE_TOO_LARGE' } });
  expect(sent).toBeLessThan(50_000_000);
});

it('the request after a lost response succeeds', async () => {
  const transport = h.transport();
  h.server.handler = (_, response) => {
    response.socket?.destroy();
    return undefined;
  };
  expect((await transport.deliver([h.note(transport, 0)], always()))[0]).toMatchObject(unknown);
  h.server.handler = () => ({ body: created(ok) });
  expect((await transport.deliver([h.note(transport, 1)], always()))[0]).toMatchObject({ status: 'delivered' });
});
