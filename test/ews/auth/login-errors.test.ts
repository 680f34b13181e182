/** What a custom login returns, throws, or never returns: nothing is sent, no secret is kept. */
import { inspect } from 'node:util';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Credentials, SendRequest } from '../../../src/ews/auth/credentials.ts';
import { numbersOfRow } from '../../support/security-page.ts';
import { always, makeNote, useHarness } from '../support/harness.ts';
import { created, fault, foundFolders, ok } from '../support/responses.ts';

const h = useHarness();
const secret = 'TOK-SECRET-123';

async function withLogin(authenticate: unknown) {
  h.server.handler = () => ({ body: created(ok) });
  const transport = h.transport({ credentials: { scheme: 'mine', authenticate } as Credentials, requestTimeout: 500 });
  const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
  const verified = await transport.verify({ address: 'alice@contoso.test' }, always()).catch((error: unknown) => error);
  expect(inspect([outcome, verified], { depth: 12, showHidden: true })).not.toContain(secret);
  return outcome;
}

const unsent = { status: 'deferred', scope: 'mailbox', error: { code: 'AUTHENTICATION_FAILED' } };

const impossible: readonly [string, unknown][] = [
  ['a line feed', { authorization: `Bearer ${secret}\nx` }],
  ['NUL', { authorization: `Bearer ${secret}\0` }],
  ['beyond Latin-1', { authorization: `Bearer ${secret}\u0394` }],
  ['a name with a space', { [`x ${secret}`]: 'y' }],
  ['an empty name', { '': secret }],
  ['a symbol', { authorization: Symbol(secret) }],
  [
    'a getter that throws',
    {
      get authorization() {
        throw new Error(secret);
      },
    },
  ],
  ...['content-length', 'transfer-encoding', 'keep-alive', 'upgrade', 'expect', 'te', 'trailer'].map(
    (name): [string, unknown] => [name, { [name]: '77' }],
  ),
];

describe('headers that no request can have', () => {
  it.each(impossible)('%s', async (_, headers) => {
    expect(await withLogin((send: SendRequest) => send(headers as Record<string, string>))).toMatchObject(unsent);
    expect(h.server.requests).toEqual([]);
  });
});

describe('a login that', () => {
  const here = (source: string): unknown => vm.runInNewContext(source, { secret });
  const failures: readonly [string, unknown][] = [
    [
      'throws',
      () => {
        throw new Error(secret);
      },
    ],
    [
      'throws a string',
      () => {
        throw secret;
      },
    ],
    ['throws nothing', () => Promise.reject(undefined)],
    [
      'rejects with the request of an HTTP library',
      () =>
        Promise.reject(Object.assign(new Error('401'), { config: { data: secret }, cause: { headers: secret }, code: secret })),
    ],
    ['rejects in another realm', here('async () => { throw Object.assign(new Error(secret), { code: "ECONNREFUSED" }); }')],
    ['gives nothing', () => undefined],
    ['gives nothing later', async () => undefined],
    ['gives something else', async () => ({ status: '200', secret })],
    [
      'gives a thenable that throws',
      () => ({
        // biome-ignore lint/suspicious/noThenProperty: what a host may give
        then() {
          throw new Error(secret);
        },
      }),
    ],
    [
      'gives an error that can not be looked at',
      () =>
        Promise.reject(
          new Proxy(
            {},
            {
              get() {
                throw new Error(secret);
              },
            },
          ),
        ),
    ],
  ];
  it.each(failures)('%s', async (_, authenticate) => {
    expect(await withLogin(authenticate)).toMatchObject(unsent);
    expect(h.server.requests).toEqual([]);
  });

  it('comes in as many variants as docs/security.md says', () => {
    // And those below that hang, and that send twice or late.
    expect(numbersOfRow('Logins of the host').tried).toEqual([impossible.length + failures.length + givesTheRefusal.length + 3]);
  });

  it('hangs: the note waits, and the reason names the login', async () => {
    const outcome = await withLogin(() => new Promise(() => {}));
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'mailbox', error: { code: 'REQUEST_TIMEOUT' } });
    expect(outcome?.status === 'deferred' && outcome.error.message).toMatch(/login/i);
  });

  it('loses one request and sends another: the first counts, whatever happens to the second', async () => {
    const transport = h.transport({
      credentials: {
        scheme: 'mine',
        authenticate: async (send) => {
          await send({}).catch(() => undefined);
          return send({});
        },
      },
    });
    h.server.handler = (_, response) => {
      if (h.server.requests.length > 1) return { status: 401 };
      response.socket?.resetAndDestroy();
      return undefined;
    };
    const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
    expect(outcome).toMatchObject({ status: 'blocked', sent: 'unknown' });
  });

  it.each([
    ['an item is', created('ErrorInvalidRecipients')],
    ['a busy server says of an item that it is', created('ErrorServerBusy')],
    ['the schema version is', fault('ErrorInvalidServerVersion')],
    ['the class of an item is', created('ErrorObjectTypeChanged')],
  ])('loses one request and sends another, of which %s is refused: the note is neither resent nor given up', async (_, body) => {
    const transport = h.transport({
      credentials: {
        scheme: 'mine',
        authenticate: async (send) => {
          if (h.server.requests.length === 0) await send({}).catch(() => undefined);
          return send({});
        },
      },
    });
    h.server.handler = (_request, response) => {
      if (h.server.requests.length > 1) return { body };
      response.socket?.resetAndDestroy();
      return undefined;
    };
    const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
    expect(outcome).toMatchObject({ status: 'unconfirmed', ended: 'fault' });
    expect(h.server.operations()).toEqual(['CreateItem', 'CreateItem']);
  });

  /** How a login reacts to a 401, or to two concurrent requests, and which response it returns. */
  const givesTheRefusal: readonly [string, (send: SendRequest) => Promise<Response>][] = [
    [
      'sends again after a 401, loses that, and gives the 401 after all',
      async (send) => {
        const refusal = await send({});
        return send({}).catch(() => refusal);
      },
    ],
    [
      'sends again after a 401, waits for nothing, and gives the 401',
      async (send) => {
        const refusal = await send({});
        send({}).catch(() => undefined);
        while (h.server.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
        return refusal;
      },
    ],
    [
      'sends again after a 401 and gives a 401 of its own making in the place of the answer',
      async (send) => {
        await send({});
        await send({}).catch(() => undefined);
        return new Response(null, { status: 401 });
      },
    ],
  ];
  it.each(givesTheRefusal)('%s: the mailbox is blocked, and the note is probed before it is resent', async (_, authenticate) => {
    const transport = h.transport({ credentials: { scheme: 'mine', authenticate } });
    h.server.handler = (_request, response) => {
      if (h.server.requests.length === 1) return { status: 401 };
      response.socket?.resetAndDestroy(); // It may have been processed.
      return undefined;
    };
    const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
    expect(outcome).toMatchObject({ status: 'blocked', sent: 'unknown' });
  });

  it('sends again after it has returned a response: that request is not sent', async () => {
    let late: Promise<unknown> | undefined;
    const transport = h.transport({
      credentials: {
        scheme: 'mine',
        authenticate: async (send) => {
          const response = await send({});
          late = new Promise((resolve) => setImmediate(resolve)).then(() => send({})).catch((error: unknown) => error);
          return response;
        },
      },
    });
    h.server.handler = () => ({ body: created('ErrorServerBusy') });
    const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
    expect(outcome).toMatchObject({ status: 'deferred' });
    expect(await late).toMatchObject({ code: 'NOT_ATTEMPTED' });
    expect(h.server.operations()).toEqual(['CreateItem']);
  });

  it('sends each body twice, as through a login page, keeps no read from negotiating the version', async () => {
    const transport = h.transport({
      credentials: {
        scheme: 'mine',
        authenticate: async (send) => {
          await (await send({})).arrayBuffer();
          return send({});
        },
      },
    });
    h.server.handler = ({ body }) => {
      if (h.server.requests.length % 2 === 1) return { status: 302, body: '' };
      return { body: body.includes('"Exchange2013_SP1"') ? fault('ErrorInvalidServerVersion') : foundFolders() };
    };
    const note = makeNote(transport, 0);
    const unknownAttempts = [{ tag: 'note-0/1', place: note.place }];
    const probed = await transport.probe([{ ...note, unknownAttempts }], always());
    expect(probed).toHaveLength(1);
    const asked = h.server.requests.map((request) => /RequestServerVersion Version="(\w+)"/.exec(request.body)?.[1]);
    expect(new Set(asked).size).toBeGreaterThan(1);
  });
});
