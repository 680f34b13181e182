import { expect, it } from 'vitest';
import { type CreateExchangeOptions, createExchange, ManualClock, type SimulatedExchange } from '../../../src/testing.ts';
import { validateBody } from '../../support/ews-schema.ts';
import { envelope } from '../support/raw-ews.ts';

const alice = 'alice@contoso.test';
const target = 'https://client.contoso.test/push';

interface World {
  readonly exchange: SimulatedExchange;
  readonly clock: ManualClock;
  readonly posts: string[];
  status: 'OK' | 'Unsubscribe' | 'broken';
  settled(): Promise<void>;
}

/** An exchange whose notifications are answered here. */
async function subscribed(
  url = target,
  { frequency = '5', ...options }: Partial<CreateExchangeOptions> & { readonly frequency?: string } = {},
): Promise<World & { readonly answer: string }> {
  const clock = new ManualClock();
  const posts: string[] = [];
  const world = { posts, clock, status: 'OK' as World['status'] };
  const exchange = createExchange({
    mailboxes: [alice],
    access: 'anonymous',
    clock,
    pushFetch: async (to, { body }) => {
      if (world.status === 'broken') throw new TypeError('fetch failed');
      posts.push(String(body));
      expect(to).toBe(target);
      const result = `<m:SendNotificationResult><m:SubscriptionStatus>${world.status}</m:SubscriptionStatus></m:SendNotificationResult>`;
      return new Response(envelope(result), { headers: { 'content-type': 'text/xml' } });
    },
    ...options,
  });
  const body =
    '<m:Subscribe><m:PushSubscriptionRequest><t:FolderIds><t:DistinguishedFolderId Id="inbox"/></t:FolderIds><t:EventTypes><t:EventType>NewMailEvent</t:EventType></t:EventTypes>' +
    `<t:StatusFrequency>${frequency}</t:StatusFrequency><t:URL>${url}</t:URL></m:PushSubscriptionRequest></m:Subscribe>`;
  const headers = { 'content-type': 'text/xml', 'x-anchormailbox': alice };
  const answer = await (await exchange.fetch(exchange.url, { method: 'POST', headers, body: envelope(body) })).text();
  const settled = async (): Promise<void> => {
    await exchange.idle();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    await exchange.idle();
  };
  await settled();
  return Object.assign(world, { exchange, settled, answer });
}

const events = (posts: readonly string[]): readonly (readonly string[])[] =>
  posts.map((post) => [...post.matchAll(/<t:(\w+Event)>/g)].map(([, name]) => name ?? ''));

it('a push subscription is greeted, notified of new mail, and gets a status event after its interval', async () => {
  const world = await subscribed();
  world.exchange.mailbox(alice).receive({ subject: 'one' });
  await world.settled();
  await world.clock.advance(5 * 60_000);
  await world.settled();
  expect(events(world.posts)).toEqual([['StatusEvent'], ['NewMailEvent'], ['StatusEvent']]);
  const [first, second] = world.posts.map((post) => /<t:PreviousWatermark>([^<]*)/.exec(post)?.[1]);
  expect(first).toBe(second);
  for (const post of world.posts) expect(validateBody(post)).toEqual([]);
  expect(world.exchange.journal.filter(({ operation }) => operation === 'SendNotification').map(({ status }) => status)).toEqual([
    200, 200, 200,
  ]);
  await world.exchange.close();
});

it('a client that answers Unsubscribe is not notified again', async () => {
  const world = await subscribed();
  world.status = 'Unsubscribe';
  world.exchange.mailbox(alice).receive({ subject: 'one' });
  await world.settled();
  world.exchange.mailbox(alice).receive({ subject: 'two' });
  await world.settled();
  await world.clock.advance(60 * 60_000);
  expect(events(world.posts)).toEqual([['StatusEvent'], ['NewMailEvent']]);
  await world.exchange.close();
});

it('a failed notification is repeated together with newer events, and an absent client is dropped', async () => {
  const world = await subscribed();
  world.status = 'broken';
  world.exchange.mailbox(alice).receive({ subject: 'one' });
  await world.settled();
  world.exchange.mailbox(alice).receive({ subject: 'two' });
  world.status = 'OK';
  await world.clock.advance(30_000);
  await world.settled();
  expect(events(world.posts)).toEqual([['StatusEvent'], ['NewMailEvent', 'NewMailEvent']]);
  expect(world.exchange.journal.at(-2)?.problem).toContain('did not reach');
  world.status = 'broken';
  world.exchange.mailbox(alice).receive({ subject: 'three' });
  for (let minute = 0; minute < 30; minute++) {
    await world.settled();
    await world.clock.advance(60_000);
  }
  world.status = 'OK';
  world.exchange.mailbox(alice).receive({ subject: 'four' });
  await world.settled();
  expect(world.posts.length).toBe(2);
  await world.exchange.close();
});

it('reset() ends push subscriptions, restore() restores those of its snapshot', async () => {
  const world = await subscribed();
  const snapshot = world.exchange.snapshot();
  world.exchange.reset();
  world.exchange.mailbox(alice).receive({ subject: 'to nobody' });
  await world.settled();
  world.exchange.restore(snapshot);
  world.exchange.mailbox(alice).receive({ subject: 'to the client' });
  await world.settled();
  expect(events(world.posts)).toEqual([['StatusEvent'], ['NewMailEvent']]);
  await world.exchange.close();
});

it('an address that cannot be posted to is refused', async () => {
  expect((await subscribed('ftp://client.contoso.test/push')).answer).toContain('ErrorInvalidPushSubscriptionUrl');
});

it('Unsubscribe leaves no timer that would keep the process alive', async () => {
  const world = await subscribed();
  const id = /<m:SubscriptionId>([^<]+)/.exec(world.answer)?.[1] ?? '';
  const before = world.clock.pending;
  const body = envelope(`<m:Unsubscribe><m:SubscriptionId>${id}</m:SubscriptionId></m:Unsubscribe>`);
  const headers = { 'content-type': 'text/xml', 'x-anchormailbox': alice };
  await world.exchange.fetch(world.exchange.url, { method: 'POST', headers, body });
  expect(world.clock.pending).toBe(before - 1);
  await world.clock.advance(10 * 60_000);
  expect(events(world.posts)).toEqual([['StatusEvent']]);
});

it.each(['0', 'soon', '-1'])(
  'an interval of %s minutes falls back to the default if requests are not validated',
  async (frequency) => {
    const world = await subscribed(target, { frequency, validateRequests: false });
    await world.clock.advance(29 * 60_000);
    await world.settled();
    expect(events(world.posts)).toEqual([['StatusEvent']]);
  },
);

it('a hook that throws ends no subscription', async () => {
  const world = await subscribed(target, {
    onRequest: ({ operation }) => {
      if (operation === 'SendNotification') throw new Error('the hook');
    },
  });
  world.exchange.mailbox(alice).receive({ subject: 'one' });
  await world.settled();
  expect(events(world.posts)).toEqual([['StatusEvent'], ['NewMailEvent']]);
});
