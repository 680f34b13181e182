/** Whatever sends at the Graph door sends once, and can fail as sendMail can. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExchangeSimulator, ManualClock, startExchangeSimulator } from '../../../src/testing.ts';

const alice = 'alice@contoso.test';
const bob = 'bob@contoso.test';
let server: ExchangeSimulator;
let clock: ManualClock;

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 10, 28));
  const graph = { submitAfter: 1000, sendAfter: 2000, moveAfter: 3000, mailboxConcurrency: 1 };
  server = await startExchangeSimulator({ clock, mailboxes: [alice, bob], graph });
});
afterEach(() => server.close());

const to = [{ emailAddress: { address: bob } }];
const sizes = (): readonly number[] =>
  ['drafts', 'sentitems'].map((name) => server.mailbox(alice).folder(name).size).concat(server.mailbox(bob).folder('inbox').size);

async function raw(method: string, path: string, body?: object, more: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.graphUrl}/v1.0/${path}`, {
    method,
    headers: { authorization: `Bearer ${server.tokens.issue(alice)}`, 'content-type': 'application/json', ...more },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function draft(more: Record<string, string> = {}): Promise<string> {
  const response = await raw('POST', 'me/messages', { subject: 'One', toRecipients: to }, more);
  return ((await response.json()) as { readonly id: string }).id;
}

/** Each way to send, as a request. */
const ways = {
  sendMail: async () => raw('POST', 'me/sendMail', { message: { subject: 'One', toRecipients: to } }),
  sendMessage: async () => raw('POST', `me/messages/${await draft()}/send`),
  reply: async () => raw('POST', `me/messages/${received()}/reply`, { comment: 'One' }),
  replyAll: async () => raw('POST', `me/messages/${received()}/replyAll`, { comment: 'One' }),
  forward: async () => raw('POST', `me/messages/${received()}/forward`, { comment: 'One', toRecipients: to }),
};
const received = (): string => server.mailbox(alice).store('inbox', { subject: 'Asked', from: bob }).id;
const names = Object.keys(ways) as readonly (keyof typeof ways)[];

describe.each(names)('%s', (name) => {
  it('leaves Drafts and arrives once', async () => {
    expect((await ways[name]()).status).toBe(202);
    expect(sizes()).toEqual([1, 0, 0]);
    await clock.advance(3000);
    expect(sizes()).toEqual([0, 1, 1]);
  });

  it('leaves a draft where a fault says so, and has sent nothing', async () => {
    server.faults.on(name).draftOnSendAsDenied();
    expect((await ways[name]()).status).toBe(403);
    await clock.advance(3000);
    expect(sizes()).toEqual([1, 0, 0]);
  });

  it('stores a copy without sending where a fault says so', async () => {
    server.faults.on(name).copyStoredSendFailed();
    expect((await ways[name]()).status).toBe(500);
    await clock.advance(3000);
    expect(sizes()).toEqual([0, 1, 0]);
  });

  it('is held in the Outbox, or copied late, where a fault says so', async () => {
    server.faults.on(name).nth(1).heldInOutbox(5000);
    server.faults.on(name).nth(2).lateCopy(5000);
    expect([(await ways[name]()).status, sizes(), server.mailbox(alice).folder('outbox').size]).toEqual([202, [0, 0, 0], 1]);
    expect([(await ways[name]()).status, sizes()]).toEqual([202, [0, 0, 1]]);
    await clock.advance(5000);
    expect([sizes(), server.mailbox(alice).folder('outbox').size]).toEqual([[0, 2, 2], 0]);
  });
});

it('a draft that is sent a second time before it is submitted leaves once', async () => {
  const path = `me/messages/${await draft()}/send`;
  expect([(await raw('POST', path)).status, (await raw('POST', path)).status]).toEqual([202, 400]);
  await clock.advance(3000);
  expect(sizes()).toEqual([0, 1, 1]);
});

it.each(['on time', 'late'])('a copy that comes %s is known by the immutable id of its draft', async (when) => {
  const id = await draft({ prefer: 'IdType="ImmutableId"' });
  if (when === 'late') server.faults.on('sendMessage').lateCopy(3000);
  await raw('POST', `me/messages/${id}/send`);
  await clock.advance(3000);
  const copy = await raw('GET', `me/messages/${id}`);
  expect(await copy.json()).toMatchObject({ subject: 'One', isDraft: false });
});

it('a lost response is lost when it is an error, too', async () => {
  server.faults.on('getMessage').nth(1).lostResponse();
  server.faults.on('getMessage').nth(2).truncated({ after: 0.5 });
  await expect(raw('GET', 'me/messages/none')).rejects.toThrow();
  const cut = await raw('GET', 'me/messages/none');
  expect(cut.status).toBe(404);
  await expect(cut.json()).rejects.toThrow();
  expect((await raw('GET', 'me/messages/none')).status).toBe(404);
});

it('a batch, and what the directory answers, count for the limit of no mailbox', async () => {
  const requests = [{ id: '1', method: 'GET', url: '/me/messages' }];
  const batch = (await (await raw('POST', '$batch', { requests })).json()) as {
    readonly responses: readonly { status: number }[];
  };
  expect(batch.responses.map(({ status }) => status)).toEqual([200]);
  server.faults.on('listUsers').delay(1000);
  const users = raw('GET', 'users');
  await expect.poll(() => clock.pending, { timeout: 120_000 }).toBe(1);
  expect((await raw('GET', 'me/messages')).status).toBe(200);
  await clock.advance(1000);
  expect((await users).status).toBe(200);
});
