/** Every response is checked against the API's own document, and the document against the schema of OpenAPI 3.1. */
import { request as httpRequest } from 'node:http';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, ManualClock, startExchangeSimulator } from '../../../src/testing.ts';
import { createItem, envelope, findItem, message, post } from '../support/raw-ews.ts';

const [alice, bob] = ['alice@contoso.test', 'bob@contoso.test'];
let exchange: ExchangeSimulator;
let document: Document;

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: object };
}
interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>>;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
const asked = new Set<string>();

beforeAll(async () => {
  exchange = await startExchangeSimulator({ mailboxes: [alice, bob], clock: new ManualClock() });
  document = (await (await fetch(`${exchange.apiUrl}/openapi.json`)).json()) as Document;
  ajv.addSchema(document, 'api');
});
afterAll(() => exchange.close());

/** Sends a request, and checks the response against the document. */
async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; json: never }> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const sent = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(exchange.apiUrl + path, { method, headers, ...(sent === undefined ? {} : { body: sent }) });
  return { status: answer.status, json: (await checked(method, path, answer)) as never };
}

async function checked(method: string, path: string, answer: Response): Promise<unknown> {
  const [bare = ''] = path.split('?');
  const template = Object.keys(document.paths).find(
    (one) => one === bare || (!(bare in document.paths) && new RegExp(`^${one.replace(/\{\w+\}/g, '[^/]+')}$`).test(bare)),
  );
  const operation = document.paths[template ?? '']?.[method.toLowerCase()];
  if (operation === undefined) return answer.json();
  const described = operation.responses[String(answer.status)];
  expect(described, `${method} ${path} answered ${answer.status}`).toBeDefined();
  asked.add(operation.operationId);
  const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
  if (described?.content === undefined) {
    expect(await answer.text()).toBe('');
    return undefined;
  }
  expect(Object.keys(described.content)).toContain(type);
  const read: unknown = type === 'application/json' ? await answer.json() : await answer.text();
  const pointer = `#/paths/${(template ?? '').replaceAll('~', '~0').replaceAll('/', '~1')}/${method.toLowerCase()}/responses/${answer.status}/content/${type.replaceAll('/', '~1')}/schema`;
  const validate = ajv.getSchema(`api${pointer}`);
  expect(validate?.(read), `${method} ${path}: ${ajv.errorsText(validate?.errors)}`).toBe(true);
  return read;
}

describe('the document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(JSON.parse(JSON.stringify(document)));
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
  });
});

describe('mailboxes and items', () => {
  it('are listed, stored, read, searched and deleted', async () => {
    const stored = await ask('POST', '/items', {
      mailbox: bob,
      item: {
        subject: 'Invoice',
        body: { type: 'html', content: '<b>42 €</b>' },
        from: { address: alice, name: 'Alice' },
        isRead: true,
      },
    });
    expect(stored).toMatchObject({ status: 201, json: { subject: 'Invoice', folder: 'inbox', isRead: true } });
    const { id } = stored.json as { id: string };
    expect((await ask('GET', '/mailboxes')).json).toMatchObject({ mailboxes: [{ address: alice }, { address: bob }] });
    expect((await ask('GET', `/mailboxes/${bob}`)).json).toMatchObject({
      folders: expect.arrayContaining([expect.objectContaining({ name: 'inbox', total: 1, unread: 0 })]),
    });
    expect((await ask('GET', `/items?mailbox=${bob}&folder=inbox&search=42`)).json).toMatchObject({ total: 1, items: [{ id }] });
    expect((await ask('GET', '/items?search=nothing%20like%20it')).json).toEqual({ total: 0, items: [] });
    expect((await ask('GET', '/items?limit=0')).json).toEqual({ total: 1, items: [] });
    expect((await ask('GET', `/items/${id}`)).json).toMatchObject({ body: { type: 'html', content: '<b>42 €</b>' } });
    expect((await ask('GET', `/items/${id}/source`)).json).toContain('Subject: Invoice');
    expect((await ask('GET', `/items/${id}/body`)).json).toContain('<b>42 €</b>');
    expect((await ask('DELETE', `/items/${id}`)).status).toBe(204);
    expect((await ask('GET', `/items/${id}`)).status).toBe(404);
    expect((await ask('DELETE', `/items/${id}`)).status).toBe(404);
    expect((await ask('GET', '/mailboxes/nobody@contoso.test')).status).toBe(404);
    expect((await ask('GET', '/items?mailbox=nobody@contoso.test')).status).toBe(404);
  });

  it('take a whole message, and a message that a mailbox sends', async () => {
    const eml = 'From: carol@fabrikam.test\r\nSubject: By file\r\n\r\nHello';
    expect((await ask('POST', '/items', { mailbox: bob, folder: 'drafts', item: { eml } })).json).toMatchObject({
      subject: 'By file',
      folder: 'drafts',
    });
    expect((await ask('POST', '/messages', { from: alice, to: [bob], subject: 'Sent' })).status).toBe(204);
    expect((await ask('GET', `/wait?mailbox=${bob}&subject=Sent`)).json).toMatchObject({ from: { address: alice } });
    expect((await ask('GET', '/wait?subject=Never&timeout=1')).status).toBe(408);
    expect((await ask('DELETE', '/items?search=sent')).json).toEqual({ deleted: 2 });
    expect((await ask('DELETE', '/items')).json).toEqual({ deleted: 1 });
  });

  it('are seeded all or nothing; another mailbox can be added', async () => {
    expect((await ask('POST', '/mailboxes', { address: 'dora@contoso.test', name: 'Dora' })).status).toBe(201);
    expect((await ask('POST', '/mailboxes', { address: 'dora' })).status).toBe(400);
    expect(
      (await ask('POST', '/seed', { 'dora@contoso.test': { inbox: [{ subject: 'one' }, { eml: 'Subject: two\r\n\r\n' }] } }))
        .status,
    ).toBe(204);
    const bad = await ask('POST', '/seed', { 'dora@contoso.test': { inbox: [{ subject: 'three' }, { subject: 4 }] } });
    expect(bad).toMatchObject({
      status: 400,
      json: { error: { message: 'dora@contoso.test.inbox[1].subject is invalid; expected string.' } },
    });
    expect((await ask('GET', '/items?mailbox=dora@contoso.test')).json).toMatchObject({ total: 2 });
  });
});

describe('faults', () => {
  it('are set with defaults, take effect, and are listed and removed', async () => {
    const { json } = await ask('POST', '/faults', {
      selector: { operation: 'FindItem', times: 1 },
      fault: { kind: 'serverBusy', backOff: 5000 },
    });
    const { id } = json as { id: number };
    expect(await (await post(exchange.url, envelope(findItem()))).text()).toContain('ErrorServerBusy');
    expect((await ask('GET', '/faults')).json).toMatchObject({
      faults: [{ id, hits: 1, fault: { form: 'fault', items: 'all' } }],
    });
    expect((await ask('DELETE', `/faults/${id}`)).status).toBe(204);
    expect((await ask('DELETE', `/faults/${id}`)).status).toBe(404);
    await ask('POST', '/faults', { selector: { operation: '*' }, fault: { kind: 'http', status: 503 } });
    expect((await ask('DELETE', '/faults')).status).toBe(204);
    expect((await ask('GET', '/faults')).json).toEqual({ faults: [] });
  });

  it.each([
    [{ selector: { operation: '*' }, fault: { kind: 'nonsense' } }, 'fault.kind is invalid; expected serverBusy, http'],
    [
      { selector: { operation: '*' }, fault: { kind: 'drip', chunkBytes: 0 } },
      'fault.chunkBytes is invalid; expected at least 1',
    ],
    [
      { selector: { operation: '*' }, fault: { kind: 'http', status: 503, bodi: '' } },
      'fault.bodi is invalid; expected one of the names',
    ],
    [{ selector: { operation: '*', nth: 0 }, fault: { kind: 'resetBefore' } }, 'selector.nth is invalid'],
    [{ selector: { operation: 'Nothing' }, fault: { kind: 'resetBefore' } }, '"Nothing" is not an operation'],
    [{ fault: { kind: 'resetBefore' } }, 'selector is invalid; expected a value'],
    [{ selector: { operation: '*' }, fault: { kind: 'lateCopy' } }, 'fault.delay is invalid; expected a value'],
    [[], 'the body is invalid; expected object'],
    ['{', 'The body is not JSON'],
  ])('%j is refused as a fault', async (body, text) => {
    expect(await ask('POST', '/faults', body)).toMatchObject({
      status: 400,
      json: { error: { message: expect.stringContaining(text) } },
    });
    expect(exchange.faults.list()).toEqual([]);
  });
});

describe('the whole exchange', () => {
  it('can be restored from a snapshot and reset', async () => {
    await ask('POST', '/reset');
    await ask('POST', '/items', { mailbox: bob, item: { subject: 'kept' } });
    const { id } = (await ask('POST', '/snapshots')).json as { id: number };
    await ask('DELETE', '/items');
    expect((await ask('POST', `/snapshots/${id}/restore`)).status).toBe(204);
    expect((await ask('GET', '/items')).json).toMatchObject({ total: 1, items: [{ subject: 'kept' }] });
    expect((await ask('GET', '/snapshots')).json).toMatchObject({ snapshots: [{ id }] });
    expect((await ask('DELETE', `/snapshots/${id}`)).status).toBe(204);
    expect((await ask('DELETE', `/snapshots/${id}`)).status).toBe(404);
    expect((await ask('POST', `/snapshots/${id}/restore`)).status).toBe(404);
    expect((await ask('POST', '/reset')).status).toBe(204);
    expect((await ask('GET', '/items')).json).toEqual({ total: 0, items: [] });
  });

  it('has a clock that can be advanced if it is a manual one', async () => {
    const { now } = (await ask('GET', '/clock')).json as { now: string };
    const moved = (await ask('POST', '/clock', { advance: 60_000 })).json as { now: string };
    expect(Date.parse(moved.now) - Date.parse(now)).toBe(60_000);
    expect((await ask('POST', '/clock', { now: '2020-01-01T00:00:00Z' })).json).toEqual({
      now: '2020-01-01T00:00:00.000Z',
      isManual: true,
    });
    expect((await ask('POST', '/clock', { now: 'noon' })).status).toBe(400);
    await using other = await startExchangeSimulator({ mailboxes: [bob] });
    const refused = await fetch(`${other.apiUrl}/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"advance":1}',
    });
    expect([refused.status, await checked('POST', '/clock', refused)]).toEqual([
      409,
      { error: expect.objectContaining({ code: 'CLOCK_NOT_MANUAL' }) },
    ]);
  });

  it('reports anything unknown in a sentence', async () => {
    expect((await ask('GET', '/nothing')).json).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect((await ask('POST', '/clock/x')).status).toBe(404);
    const wrong = await fetch(`${exchange.apiUrl}/reset`);
    expect([wrong.status, await wrong.text()]).toEqual([405, expect.stringContaining('only POST')]);
    expect((await ask('GET', '/items?limit=many')).json).toMatchObject({
      error: { message: 'limit is invalid; expected a whole number.' },
    });
    expect((await ask('GET', '/items?mailbx=x')).json).toMatchObject({
      error: { message: expect.stringContaining('There is no parameter mailbx here') },
    });
    const plain = await fetch(`${exchange.apiUrl}/seed`, { method: 'POST', body: '{}' });
    expect([plain.status, await checked('POST', '/seed', plain)]).toEqual([415, expect.anything()]);
    const long = await ask('POST', '/seed', { [bob]: { inbox: [{ subject: 'x'.repeat(6 * 1024 * 1024) }] } });
    expect(long.status).toBe(413);
    expect((await ask('GET', '/items/%ff')).status).toBe(400);
  });
});

describe('the journal', () => {
  it('is listed, read and streamed: existing entries, new ones, changes and resets', async () => {
    await ask('POST', '/reset');
    await post(exchange.url, envelope(createItem([message({ text: 'secret text' })])));
    expect((await ask('GET', '/journal')).json).toMatchObject({
      total: 1,
      entries: [{ number: 1, operation: 'CreateItem', responseCodes: ['NoError'] }],
    });
    expect((await ask('GET', '/journal/1')).json).toMatchObject({ requestBody: expect.stringContaining('secret text') });
    expect((await ask('GET', '/journal/2')).status).toBe(404);
    const left = new AbortController();
    const stream = await fetch(`${exchange.apiUrl}/journal/stream`, { signal: left.signal });
    expect(stream.headers.get('content-type')).toBe('text/event-stream');
    const events = eventsOf(stream);
    expect(await events.next()).toMatchObject({ value: { event: 'request', id: '1', data: { operation: 'CreateItem' } } });
    await post(exchange.url, envelope(findItem()));
    expect(await events.next()).toMatchObject({ value: { event: 'request', id: '2', data: { operation: 'FindItem' } } });
    exchange.mailbox(bob).receive({ subject: 'one' });
    exchange.mailbox(bob).receive({ subject: 'two' });
    expect(await events.next()).toMatchObject({ value: { event: 'change', data: {} } });
    exchange.reset();
    const told = [await events.next(), await events.next()].map(({ value }) => value?.event);
    expect(told.sort()).toEqual(['change', 'reset']);
    left.abort();
    // A returning client says what it has seen; after a reset that is more than there is.
    await post(exchange.url, envelope(findItem()));
    const again = new AbortController();
    const back = await fetch(`${exchange.apiUrl}/journal/stream`, { signal: again.signal, headers: { 'last-event-id': '2' } });
    const seen = eventsOf(back);
    // So it forgets those with the same numbers, as after a restart of the simulator on the same port.
    expect(await seen.next()).toMatchObject({ value: { event: 'reset', id: '0' } });
    expect(await seen.next()).toMatchObject({ value: { id: '1', data: { operation: 'FindItem' } } });
    again.abort();
    asked.add('streamJournal');
    await exchange.idle();
  });
});

describe('access', () => {
  /** fetch() sets Host and Origin itself. */
  function from(
    url: string,
    headers: Record<string, string>,
    method = 'GET',
  ): Promise<{ status: number | undefined; headers: object }> {
    return new Promise((resolve, reject) => {
      const asking = httpRequest(url, { method, headers }, (answer) => {
        answer.resume();
        resolve({ status: answer.statusCode, headers: answer.headers });
      });
      asking.on('error', reject);
      asking.end();
    });
  }

  it('is granted under a name of this machine, and to no page of another origin, whatever its name', async () => {
    const { host } = new URL(exchange.apiUrl);
    const cases: readonly (readonly [Record<string, string>, number])[] = [
      [{}, 200],
      [{ host: host.replace('127.0.0.1', 'localhost') }, 200],
      [{ origin: `http://${host}` }, 200],
      [{ host: 'mail.contoso.test' }, 403],
      [{ host: 'localhost.evil.test' }, 403],
      [{ host: '127.0.0.1.evil.test' }, 403],
      [{ origin: 'http://evil.test' }, 403],
      [{ origin: 'null' }, 403],
      [{ origin: `https://${host}` }, 403],
      [{ host: 'evil.test', origin: 'http://evil.test' }, 403],
      [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
      [{ 'sec-fetch-site': 'same-site' }, 403],
    ];
    for (const [headers, status] of cases) {
      expect((await from(`${exchange.apiUrl}/mailboxes`, headers)).status, JSON.stringify(headers)).toBe(status);
      expect((await from(exchange.pageUrl, headers)).status, JSON.stringify(headers)).toBe(status);
    }
    const form = { origin: 'http://evil.test', 'content-type': 'application/x-www-form-urlencoded' };
    expect((await from(`${exchange.apiUrl}/reset`, form, 'POST')).status).toBe(403);
  });

  it('has no CORS, even if Exchange has', async () => {
    await using open = await startExchangeSimulator({ mailboxes: [bob], cors: true });
    const origin = { origin: 'http://evil.test' };
    expect((await from(`${open.apiUrl}/mailboxes`, origin)).headers).not.toHaveProperty('access-control-allow-origin');
    const preflight = await from(`${open.apiUrl}/reset`, { ...origin, 'access-control-request-method': 'POST' }, 'OPTIONS');
    expect(preflight.status).toBe(403);
    expect(preflight.headers).not.toHaveProperty('access-control-allow-origin');
    expect((await from(open.url, origin)).headers).toHaveProperty('access-control-allow-origin');
  });

  it('from other machines requires a token, in the header or, where a browser cannot set one, in the address', async () => {
    await using wide = await startExchangeSimulator({ mailboxes: [bob], host: '0.0.0.0' });
    const port = new URL(wide.url).port;
    expect((await from(`http://127.0.0.1:${port}/_exchange/api/v1/mailboxes`, {})).status).toBe(403);
    await using known = await startExchangeSimulator({ mailboxes: [bob], host: '0.0.0.0', token: 's3cret' });
    const url = `http://127.0.0.1:${new URL(known.url).port}/_exchange/api/v1/mailboxes`;
    const statuses: unknown[] = [];
    for (const [address, headers] of [
      [url, {}],
      [url, { authorization: 'Bearer s3cre' }],
      [`${url}?token=wrong`, {}],
      [url, { authorization: 'Bearer s3cret', host: 'simulator.test' }],
      [`${url}?token=s3cret`, {}],
      [url, { authorization: 'Bearer s3cret', origin: 'http://evil.test' }],
    ] as const) {
      statuses.push((await from(address, headers)).status);
    }
    expect(statuses).toEqual([401, 401, 401, 200, 200, 403]);
    expect((await from(`${url.replace('mailboxes', 'reset')}?token=s3cret`, {}, 'POST')).status).toBe(401);
    await expect(startExchangeSimulator({ mailboxes: [bob], token: '' })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});

it('every operation of the document was called', () => {
  const all = Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
  expect(all.filter((one) => !asked.has(one))).toEqual([]);
});

interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** Server-sent events, parsed by the rules of the format. */
async function* eventsOf(answer: Response): AsyncGenerator<StreamEvent, undefined> {
  let rest = '';
  for await (const chunk of (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    rest += chunk;
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const fields = new Map(
        rest
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
      );
      rest = rest.slice(end + 2);
      const data = fields.get('data');
      if (data !== undefined) yield { event: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data) };
    }
  }
  return undefined;
}
