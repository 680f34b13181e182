import { createExchange, type SimulatedExchange, startExchangeSimulator } from '../../../src/testing.ts';
import { anyError, complain, settles, settlesAll } from '../calls.ts';

const mailboxes = ['alice@contoso.test', 'bob@contoso.test'];

const findItem = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"
  xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Body><m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>
  <m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds></m:FindItem></s:Body></s:Envelope>`;

export async function run(): Promise<void> {
  const exchange = createExchange({ mailboxes });
  await hanging(exchange, exchange.fetch);
  await collected(exchange);
  await everyCall('exchange', exchange);
  const server = await settles('startExchangeSimulator()', () => startExchangeSimulator({ mailboxes }));
  if (server === undefined) return;
  await hanging(server, globalThis.fetch);
  await everyCall('server', server);
  const other = await settles('startExchangeSimulator()', () => startExchangeSimulator({ mailboxes }));
  await settles('server[Symbol.asyncDispose]()', async () => other?.[Symbol.asyncDispose]());
}

function asked(signal: AbortSignal): RequestInit {
  const headers = { 'content-type': 'text/xml', authorization: `Basic ${btoa('alice@contoso.test:p')}` };
  return { method: 'POST', headers, body: findItem, signal };
}

/** A client waits for a server that hangs, with a limit of its own that keeps no process alive, as `AbortSignal.timeout()` is. */
async function hanging(exchange: SimulatedExchange, fetch: typeof globalThis.fetch): Promise<void> {
  const ask = (signal: AbortSignal) => fetch(exchange.url, asked(signal)).then((response) => response.text());
  await settles('fetch()', () => ask(AbortSignal.timeout(60_000)), anyError);
  for (const processed of [false, true]) {
    exchange.faults.on('FindItem').hang({ processed });
    await settles(`fetch() of a server that hangs, processed: ${processed}`, () => ask(AbortSignal.timeout(100)), anyError);
    exchange.faults.clear();
  }
  exchange.faults.on('FindItem').delay(600_000);
  await settles('fetch() of a slow server', () => ask(AbortSignal.timeout(100)), anyError);
  exchange.faults.clear();
  exchange.faults.on('FindItem').drip({ chunkBytes: 1, interval: 600_000 });
  await settles('fetch() of a server that drips', () => ask(AbortSignal.timeout(100)), anyError);
  exchange.reset();
}

/** A request that nobody holds any more still ends by its signal; the child runs with `--expose-gc`. */
async function collected(exchange: SimulatedExchange): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) return complain('there is no gc()');
  const beat = setInterval(gc, 10);
  const giveUp = Promise.withResolvers<void>();
  const limit = setTimeout(() => giveUp.reject(new Error('The signal of a collected request does not abort.')), 10_000);
  const ask = async () => (await exchange.fetch(new Request(exchange.url, asked(AbortSignal.timeout(200))))).text();
  exchange.faults.on('FindItem').hang();
  await settles('fetch() whose request is collected', () => Promise.race([giveUp.promise, ask().catch(() => undefined)]));
  exchange.faults.clear();
  exchange.faults.on('FindItem').drip({ chunkBytes: 1, interval: 600_000 });
  await settles('a body whose request is collected', () => Promise.race([giveUp.promise, ask().catch(() => undefined)]));
  clearInterval(beat);
  clearTimeout(limit);
  exchange.faults.clear();
}

async function everyCall(name: string, exchange: SimulatedExchange): Promise<void> {
  const timeout = 50;
  const seldom = { predicate: () => false };
  await settlesAll<SimulatedExchange>(name, exchange, {
    ...({ disconnect: 'at once' } as object),
    mailbox: 'at once',
    addMailbox: 'at once',
    moveMailbox: 'at once',
    seed: 'at once',
    answer: 'at once',
    reset: 'at once',
    snapshot: 'at once',
    restore: 'at once',
    fetch: 'at once',
    load: () => exchange.load({ 'bob@contoso.test': { inbox: [{ subject: 'x' }] } }),
    waitForMessage: () => exchange.waitForMessage(seldom.predicate, { timeout }),
    expectNone: () => exchange.expectNone(seldom.predicate, { timeout }),
    expectOnce: () => exchange.expectOnce(seldom.predicate, { timeout }),
    idle: () => exchange.idle({ timeout }),
    close: () => exchange.close(),
  });
}
