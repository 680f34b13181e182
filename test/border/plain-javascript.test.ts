import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { errorCodes } from '../../src/core/errors/sentences.ts';
import { isError, property } from '../../src/core/errors/thrown.ts';
import { traceFile } from '../../src/file.ts';
import { basicAuth, EwsTransport, GraphTransport, MemorySpool, OfflineImSender, sealed, sharded } from '../../src/index.ts';
import { PostgresSpool } from '../../src/postgres.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { SqliteSpool } from '../../src/sqlite.ts';
import { createExchange, ManualClock } from '../../src/testing.ts';

const src = join(import.meta.dirname, '..', '..', 'src');
/** Arguments that untyped callers pass. */
const odd: readonly (readonly unknown[])[] = [
  [],
  [undefined],
  [null],
  [0],
  [''],
  ['x'],
  [true],
  [10n],
  [Symbol('s')],
  [{}],
  [[]],
  [[null]],
  [[{}]],
  [() => {}],
  [{}, null],
  [{}, {}],
  ['x', null],
  [[], null],
];
/** Created by functions of this library; their classes are exported for their types. */
const madeByUs = new Set(['ExchangeSimulator', 'SimulatedExchange', 'JournalError']);

/** What is wrong with an error thrown by a call; `undefined` for a coded sentence, and for a call that accepted its arguments. */
async function faultOf(call: () => unknown): Promise<string | undefined> {
  try {
    const result = call();
    if (typeof property(result, 'then') === 'function') await Promise.race([result, turns()]);
    else if (typeof property(result, 'next') === 'function')
      await Promise.race([property(result, 'next') && (result as AsyncIterator<unknown>).next(), turns()]);
    return undefined;
  } catch (error) {
    const code = property(error, 'code');
    if (!isError(error)) return `threw ${String(error)}`;
    if (typeof code !== 'string' || !Object.hasOwn(errorCodes, code)) return `${error.name}: ${error.message}`;
    return /^\S.{10,}[.)]$/s.test(error.message) ? undefined : `no sentence: ${error.message}`;
  }
}

/** Anything that takes longer is running, and was not refused. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Protected: only a spool itself calls them. */
const internal = ['transit', 'recordsWhere', 'inSteps'];

async function faults(name: string, call: (given: readonly unknown[]) => unknown): Promise<string[]> {
  const found: string[] = [];
  for (const given of odd) {
    const fault = await faultOf(() => call(given));
    if (fault !== undefined) found.push(`${name}(${given.map(shown).join(', ')}): ${fault}`);
  }
  return found;
}

function shown(value: unknown): string {
  if (typeof value === 'symbol' || typeof value === 'function' || typeof value === 'bigint') return typeof value;
  return JSON.stringify(value) ?? 'undefined';
}

/** All public methods of an object, including its own. */
async function faultsOfMethods(label: string, target: object, leaveOut: readonly string[] = []): Promise<string[]> {
  const names = new Set<string>();
  for (let at: object | null = target; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor' && !leaveOut.includes(name)) names.add(name);
    }
  }
  const found: string[] = [];
  for (const name of names) {
    found.push(...(await faults(`${label}.${name}`, (given) => Reflect.apply(Reflect.get(target, name), target, given))));
  }
  return found;
}

const entries = (await readdir(src)).filter((name) => name.endsWith('.ts') && name !== 'testing-msw.ts');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-border-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  // A word is a valid path of a database.
  for (const name of ['x', 'x-wal', 'x-shm']) await rm(name, { force: true });
});

const transport = (): EwsTransport =>
  new EwsTransport({
    url: 'https://mail.contoso.test/EWS/Exchange.asmx',
    credentials: basicAuth({ username: 'alice', password: 'x' }),
    fetch: () => Promise.reject(new TypeError('fetch failed')),
  });
const sender = (): OfflineImSender =>
  new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.test' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new MemorySpool(),
    transport: transport(),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });

describe('called from plain JavaScript with arbitrary values', () => {
  it.each(entries)('each function and constructor of %s fails with a coded sentence', async (entry) => {
    const module: Record<string, unknown> = await import(join(src, entry));
    const found: string[] = [];
    for (const [name, value] of Object.entries(module)) {
      if (typeof value !== 'function' || madeByUs.has(name)) continue;
      const isClass = /^class\b/.test(Function.prototype.toString.call(value));
      found.push(
        ...(await faults(name, (given) => (isClass ? Reflect.construct(value, given) : Reflect.apply(value, undefined, given)))),
      );
    }
    expect(found).toEqual([]);
  });

  it('each method of a sender fails with a coded sentence, whether new, started or stopped', async () => {
    const one = sender();
    const found = await faultsOfMethods('sender', one, ['start', 'stop', 'flush']);
    await one.start();
    found.push(...(await faultsOfMethods('started sender', one, ['stop'])));
    await one.stop();
    found.push(...(await faultsOfMethods('stopped sender', one)));
    expect(found).toEqual([]);
  });

  it.each<[string, () => object]>([
    ['MemorySpool', () => new MemorySpool()],
    ['FileSpool', () => new FileSpool({ root: join(folder, 'files') })],
    ['SqliteSpool', () => new SqliteSpool({ path: join(folder, 'spool.sqlite') })],
    [
      'PostgresSpool',
      () =>
        new PostgresSpool({
          pool: { connect: () => Promise.reject(new Error('no server')), on() {}, removeListener() {} } as never,
        }),
    ],
    ['sharded()', () => sharded({ one: new MemorySpool(), two: new MemorySpool() })],
    [
      'sealed()',
      () => sealed(new MemorySpool(), { keys: [{ id: 'k', key: new Uint8Array(32) }], routingKey: new Uint8Array(32).fill(1) }),
    ],
  ])('each method of a %s fails with a coded sentence, whether closed or open', async (name, make) => {
    const spool = make();
    const found = await faultsOfMethods(`closed ${name}`, spool, internal);
    const admin: unknown = Reflect.get(spool, 'admin');
    if (admin instanceof Object) found.push(...(await faultsOfMethods(`closed ${name}.admin`, admin)));
    const open: unknown = Reflect.get(spool, 'open');
    if (name !== 'PostgresSpool' && typeof open === 'function') {
      await Reflect.apply(open, spool, [{ clock: systemClock, tombstones: 1000 }]);
      if (admin instanceof Object) found.push(...(await faultsOfMethods(`${name}.admin`, admin)));
      found.push(...(await faultsOfMethods(name, spool, ['open', 'close', ...internal])));
      await (spool as MemorySpool).close();
    }
    expect(found).toEqual([]);
  });

  it.each<[string, () => object]>([
    ['EwsTransport', transport],
    [
      'GraphTransport',
      () =>
        new GraphTransport({
          credential: { getToken: () => Promise.resolve({ token: 'x', expiresOnTimestamp: 0 }) },
          fetch: () => Promise.reject(new TypeError('fetch failed')),
        }),
    ],
    ['SimulatedExchange', () => createExchange({ mailboxes: ['alice@contoso.test'] })],
    ['SimulatedMailbox', () => createExchange({ mailboxes: ['alice@contoso.test'] }).mailbox('alice@contoso.test')],
    [
      'SimulatedFolder',
      () =>
        createExchange({ mailboxes: ['alice@contoso.test'] })
          .mailbox('alice@contoso.test')
          .folder('inbox'),
    ],
    ['tokens of an exchange', () => createExchange({ mailboxes: ['alice@contoso.test'] }).tokens],
    ['ManualClock', () => new ManualClock()],
    ['faults of an exchange', () => createExchange({ mailboxes: ['alice@contoso.test'] }).faults],
    ['trace file', () => traceFile({ path: join(folder, 'trace.ndjson') })],
  ])('each method of a %s fails with a coded sentence', async (name, make) => {
    // The `fetch` of an exchange behaves like that of the platform; `keep` is called by the simulator's own operations.
    expect(await faultsOfMethods(name, make(), ['fetch', 'keep'])).toEqual([]);
  });
});

it('refuses a pool without connection events: an idle connection that breaks would end the process', () => {
  const connect = () => Promise.reject(new Error('no server'));
  for (const pool of [{ connect }, { connect, on() {} }, {}]) {
    expect(() => new PostgresSpool({ pool: pool as never })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  }
});
