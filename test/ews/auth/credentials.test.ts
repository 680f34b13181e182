/** The contract for custom logins, by examples: a ready-made header, a client certificate, a handshake. */
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { basicAuth, type Credentials } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import { type ExchangeSimulator, startExchangeSimulator } from '../../../src/testing/simulator/simulator.ts';
import { checkedFetch } from '../../support/ews-schema.ts';
import { paced } from '../../support/pace.ts';
import { always, makeNote, useHarness } from '../support/harness.ts';
import { created, ok } from '../support/responses.ts';

const alice = 'alice@contoso.test';
let exchange: ExchangeSimulator | undefined;

afterEach(async () => {
  await exchange?.close();
  exchange = undefined;
});

async function deliver(credentials: Credentials, judge: (authorization: string) => string | undefined) {
  exchange = await startExchangeSimulator({ mailboxes: [alice, 'bob@contoso.test'], auth: [], authenticate: judge });
  const transport = new EwsTransport({ url: exchange.url, credentials, fetch: checkedFetch() });
  return (await transport.deliver([makeNote(transport, 0)], always()))[0];
}

describe('Negotiate', () => {
  /** As in docs/authentication.md, with a Kerberos library of the test. */
  function negotiateAuth(ticketFor: (service: string) => Promise<string>): Credentials {
    return {
      scheme: 'negotiate',
      async authenticate(send, { url }) {
        const ticket = await ticketFor(`HTTP@${new URL(url).hostname}`);
        return send({ authorization: `Negotiate ${ticket}` });
      },
    };
  }
  const judge = (authorization: string): string | undefined => (authorization === 'Negotiate good' ? alice : undefined);

  it('logs in with a ticket', async () => {
    const services: string[] = [];
    const credentials = negotiateAuth(async (service) => {
      services.push(service);
      return 'good';
    });
    expect(await deliver(credentials, judge)).toMatchObject({ status: 'delivered' });
    expect(services).toEqual(['HTTP@127.0.0.1']);
  });

  it('blocks the mailbox if the ticket is refused', async () => {
    expect(
      await deliver(
        negotiateAuth(async () => 'bad'),
        judge,
      ),
    ).toMatchObject({ status: 'blocked', scope: 'mailbox', sent: 'no' });
  });

  it('waits while there is no ticket', async () => {
    const credentials = negotiateAuth(() => Promise.reject(new Error('no ticket cache')));
    expect(await deliver(credentials, judge)).toMatchObject({
      status: 'deferred',
      scope: 'mailbox',
      error: { code: 'AUTHENTICATION_FAILED' },
    });
  });
});

const h = useHarness();

it('a client certificate uses its own fetch and sends no Authorization header', async () => {
  let closed = 0;
  let used = 0;
  h.server.handler = () => ({ body: created(ok) });
  const credentials: Credentials = {
    scheme: 'certificate',
    fetch: (input, init) => {
      used += 1;
      return fetch(input, init); // In production: undici's fetch with an Agent({ connect: { cert, key } }).
    },
    authenticate: (send) => send({}),
    close: () => {
      closed += 1;
    },
  };
  const transport = h.transport({ credentials });
  expect(await transport.deliver([makeNote(transport, 0)], always())).toMatchObject([{ status: 'delivered' }]);
  await transport.close();
  expect([used, closed]).toEqual([1, 1]);
});

describe('a password function', () => {
  const login = 'alice@contoso.test';
  const authorizations = () => h.server.requests.map(({ headers }) => String(headers.authorization));
  const basic = (password: string) => `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;

  function withPassword(password: () => unknown) {
    h.server.handler = () => ({ body: created(ok) });
    const credentials = basicAuth({ username: login, password: password as () => string });
    return h.transport({ credentials, requestTimeout: paced(2_000) });
  }

  it('is called for each request: a new password needs no restart', async () => {
    let password = 'old';
    const transport = withPassword(async () => password);
    await transport.deliver([makeNote(transport, 0)], always());
    password = 'new: ü';
    expect(await transport.deliver([makeNote(transport, 1)], always())).toMatchObject([{ status: 'delivered' }]);
    expect(authorizations()).toEqual([basic('old'), basic('new: ü')]);
  });

  it.each<[string, () => unknown]>([
    ['throws', () => thrown()],
    ['rejects', () => Promise.reject(new Error('pa55word'))],
    ['gives nothing', () => undefined],
    ['gives the line break of its file along', () => 'pa55word\n'],
    ['never answers', () => new Promise(() => {})],
  ])('that %s sends nothing: notes wait, and no error contains the password', async (_what, password) => {
    const transport = withPassword(password);
    const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
    expect(outcome).toMatchObject({ status: 'deferred' });
    expect(h.server.requests).toEqual([]);
    expect(inspect(outcome, { depth: 12, showHidden: true })).not.toContain('pa55word');
  });
});

function thrown(): never {
  throw new Error('pa55word');
}

describe('a handshake', () => {
  const inTwoLegs = (first: Record<string, string> = {}): Credentials => ({
    scheme: 'two-legs',
    authenticate: async (send) => {
      const challenge = await send(first, { body: 'none' });
      if (challenge.status !== 401) return challenge;
      return send({ authorization: `Answer ${challenge.headers.get('www-authenticate')}` });
    },
  });

  async function send(handler: (body: string, nth: number) => { status?: number; body?: string; reset?: true }) {
    let nth = 0;
    const bodies: string[] = [];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      nth += 1;
      const body = String(init?.body ?? '');
      bodies.push(body);
      const answer = handler(body, nth);
      if (answer.reset === true)
        throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) });
      return new Response(answer.body ?? '', { status: answer.status ?? 200, headers: { 'www-authenticate': 'Odd 42' } });
    };
    const transport = new EwsTransport({ url: 'https://mail.contoso.test/EWS/Exchange.asmx', credentials: inTwoLegs(), fetch });
    const [outcome] = await transport.deliver([makeNote(transport, 0)], always());
    return { outcome, sizes: bodies.map((body) => body !== '') };
  }

  it('sends the body only with its last leg', async () => {
    const { outcome, sizes } = await send((body) => (body === '' ? { status: 401 } : { body: created(ok) }));
    expect(outcome).toMatchObject({ status: 'delivered' });
    expect(sizes).toEqual([false, true]);
  });

  it('interrupted in the first leg has sent nothing', async () => {
    const { outcome } = await send(() => ({ reset: true }));
    expect(outcome).toMatchObject({
      status: 'deferred',
      scope: 'endpoint',
      error: { code: 'ENDPOINT_UNREACHABLE', details: { connectionCode: 'ECONNRESET' } },
    });
  });

  it('interrupted in the last leg leaves the note in doubt', async () => {
    const { outcome } = await send((_, nth) => (nth === 1 ? { status: 401 } : { reset: true }));
    expect(outcome).toMatchObject({ status: 'unconfirmed', error: { code: 'CONNECTION_LOST' } });
  });

  it('whose challenge is invalid has sent nothing', async () => {
    const { outcome } = await send(() => ({ status: 200, body: created(ok) }));
    expect(outcome).toMatchObject({ status: 'deferred', scope: 'endpoint', error: { code: 'HTTP_STATUS' } });
  });
});
