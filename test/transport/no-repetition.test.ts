/** Requests of a host that carry the id of a send, and are no repetition of it, are written. */

import { createServer, request as httpRequest, type IncomingMessage, type RequestOptions, type ServerResponse } from 'node:http';
import { Agent, RetryAgent } from 'undici';
import { describe, expect, it } from 'vitest';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { basicAuth, bearerAuth, type Credentials, type EwsTransportOptions } from '../../src/index.ts';
import { relay } from '../../src/relay.ts';
import type { DeliveryOutcome } from '../../src/transport/contract.ts';
import { always, makeNote } from '../ews/support/note.ts';
import { created, fault, foundFolders, ok } from '../ews/support/responses.ts';
import { listen } from '../support/loopback-servers.ts';
import { serveHandler } from '../support/relay-server.ts';

type Fetch = typeof globalThis.fetch;
type Handle = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const reading =
  (handle: Handle) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request.on('error', () => {})) body += String(chunk);
    handle(request, response, body);
  };

const answered: Handle = (_, response) => void response.writeHead(200, { 'content-type': 'text/xml' }).end(created(ok));

async function deliver(url: string, options: Partial<EwsTransportOptions>): Promise<DeliveryOutcome | undefined> {
  const credentials = basicAuth({ username: 'alice', password: 'p' });
  const transport = new EwsTransport({ url, credentials, savedCopyFolder: 'sentitems', ...options });
  const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
  await transport.close();
  return outcome;
}

const overNode: Fetch = (input, init) =>
  new Promise((resolve, reject) => {
    const options: RequestOptions = {
      method: init?.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init?.headers)),
      ...(init?.signal ? { signal: init.signal } : {}),
    };
    const request = httpRequest(String(input), options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      response.on('end', () => resolve(new Response(Buffer.concat(chunks), { status: response.statusCode ?? 500 })));
    });
    request.on('error', reject).end(init?.body);
  });

const clients: readonly (readonly [string, Fetch])[] = [
  ['fetch', (input, init) => globalThis.fetch(input, init)],
  ['node:http', overNode],
];

describe.each(clients)('over %s', (_name, fetch) => {
  it("a look at the server before the send, with the send's headers, stops no send", async () => {
    const methods: string[] = [];
    const port = await listen(
      createServer(
        reading((request, response, body) => {
          methods.push(String(request.method));
          if (request.method === 'POST') answered(request, response, body);
          else response.writeHead(200).end('<html>');
        }),
      ),
    );
    const cookieFirst: Fetch = async (input, init) => {
      const { body: _, method: __, ...rest } = init ?? {};
      await (await fetch(input, { ...rest, method: 'GET' })).text();
      return fetch(input, init);
    };
    expect(await deliver(`http://127.0.0.1:${port}/ews`, { fetch: cookieFirst })).toMatchObject({ status: 'delivered' });
    expect(methods).toEqual(['GET', 'POST']);
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])(
    'a look by %s that the server does not answer puts in doubt nothing that is refused, and stops no login',
    async (method) => {
      for (const look of [200, 405]) {
        const methods: string[] = [];
        const replies = [401, 429];
        const port = await listen(
          createServer(
            reading((request, response) => {
              methods.push(String(request.method));
              response.writeHead(request.method === 'POST' ? (replies.shift() ?? 500) : look).end();
            }),
          ),
        );
        const looking: Fetch = async (input, init) => {
          const { body: _, ...rest } = init ?? {};
          await (await fetch(input, { ...rest, method })).text();
          return fetch(input, init);
        };
        let tokens = 0;
        const credentials = bearerAuth({ getToken: () => `token-${tokens++}` });
        const outcome = await deliver(`http://127.0.0.1:${port}/ews`, { fetch: looking, credentials });
        expect(outcome).toMatchObject({ status: 'deferred' });
        expect(methods).toEqual([method, 'POST', method, 'POST']);
      }
    },
  );

  it('a report about the send to another server, with its id, stops no send', async () => {
    const port = await listen(createServer(reading(answered)));
    const audit = await listen(createServer(reading((_, response) => void response.writeHead(200).end('noted'))));
    const audited: Fetch = async (input, init) => {
      const id = new Headers(init?.headers).get('client-request-id') ?? '';
      await (
        await fetch(`http://127.0.0.1:${audit}/audit`, {
          method: 'POST',
          headers: { 'client-request-id': id },
          body: 'about to send',
        })
      ).text();
      return fetch(input, init);
    };
    expect(await deliver(`http://127.0.0.1:${port}/ews`, { fetch: audited })).toMatchObject({ status: 'delivered' });
  });

  it('nor does it put in doubt what a server refuses', async () => {
    const busy: Handle = (_, response) =>
      void response.writeHead(500, { 'content-type': 'text/xml' }).end(fault('ErrorServerBusy'));
    const port = await listen(createServer(reading(busy)));
    const audit = await listen(createServer(reading((_, response) => void response.writeHead(200).end('noted'))));
    const audited: Fetch = async (input, init) => {
      const id = new Headers(init?.headers).get('client-request-id') ?? '';
      const headers = { 'client-request-id': id };
      await (await fetch(`http://127.0.0.1:${audit}/audit`, { method: 'POST', headers, body: 'about to send' })).text();
      return fetch(input, init);
    };
    expect(await deliver(`http://127.0.0.1:${port}/ews`, { fetch: audited })).toMatchObject({ status: 'deferred' });
  });

  it.each([
    ['a send', answered, 'delivered'],
    ['a refusal', (_, response) => void response.writeHead(429).end(), 'deferred'],
    [
      'a fault',
      (_, response) => void response.writeHead(500, { 'content-type': 'text/xml' }).end(fault('ErrorServerBusy')),
      'deferred',
    ],
  ] satisfies [string, Handle, string][])(
    'a gateway or relay of the same process passes %s on',
    async (_what, handle, status) => {
      const port = await listen(createServer(reading(handle)));
      const path = '/EWS/Exchange.asmx';
      const origin = 'https://app.contoso.com';
      const handler = relay({ upstreams: { [path]: `http://127.0.0.1:${port}${path}` }, origins: [origin], fetch });
      await using gateway = await serveHandler(handler);
      const ofPage: Fetch = (input, init) => fetch(input, { ...init, headers: { ...(init?.headers as object), origin } });
      expect(await deliver(gateway.origin + path, { fetch: ofPage })).toMatchObject({ status });
    },
  );
});

it('a leg of a login without a body that is still under way stops no send', async () => {
  const arrived = Promise.withResolvers<void>();
  const port = await listen(
    createServer(
      reading((request, response, body) => {
        if (body === '') arrived.resolve();
        else answered(request, response, body);
      }),
    ),
  );
  const credentials: Credentials = {
    scheme: 'own',
    authenticate: async (send) => {
      send({}, { body: 'none' }).catch(() => {});
      await arrived.promise;
      return send({ authorization: 'Own x' });
    },
  };
  expect(await deliver(`http://127.0.0.1:${port}/ews`, { credentials })).toMatchObject({ status: 'delivered' });
});

it('what changes nothing may be repeated as often as the host wants', async () => {
  let looks = 0;
  const port = await listen(
    createServer(
      reading((request, response, body) => {
        if (body.includes('FindFolder') && ++looks <= 4) response.writeHead(503).end();
        else if (body.includes('FindFolder'))
          response.writeHead(200, { 'content-type': 'text/xml' }).end(foundFolders('history'));
        else if (body.includes('"conversationhistory"'))
          response.writeHead(500, { 'content-type': 'text/xml' }).end(fault('ErrorFolderNotFound'));
        else answered(request, response, body);
      }),
    ),
  );
  const dispatcher = new RetryAgent(new Agent(), { methods: ['POST'], minTimeout: 1, maxRetries: 5, statusCodes: [503] });
  const options = { dispatcher, savedCopyFolder: 'conversationhistory' } as const;
  expect(await deliver(`http://127.0.0.1:${port}/ews`, options)).toMatchObject({ status: 'delivered' });
});
