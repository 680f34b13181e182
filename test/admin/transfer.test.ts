import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/admin/explain.ts';
import { exportSpool } from '../../src/admin/export.ts';
import { importSpool } from '../../src/admin/import.ts';
import { SpoolHandle } from '../../src/admin/spool-handle.ts';
import type { ClaimedNote, ClaimRequest, SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { PostgresSpool } from '../../src/spool/postgres/postgres-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import type { TransitionSpool } from '../../src/spool/state/transition-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { PostgresServer } from '../support/postgres-server.ts';
import { aliceSends } from '../support/sender-fixture.ts';
import { fill } from './fill.ts';

let folder: string;
let file: string;
const signal = new AbortController().signal;
const quiet = { signal, onProgress: () => undefined };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-transfer-'));
  file = join(folder, 'spool.ndjson');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const kinds: Readonly<Record<string, (name: string) => SpoolStorage | Promise<SpoolStorage>>> = {
  file: (name) => new FileSpool({ root: join(folder, name) }),
  sqlite: (name) => new SqliteSpool({ path: join(folder, `${name}.db`) }),
  memory: () => new MemorySpool(),
  postgres: async () => {
    schemas += 1;
    const pool = (await PostgresServer.shared()).pool({ max: 5 });
    pools.push(pool);
    const spool = new PostgresSpool({ pool, schema: `transfer_${schemas}` });
    await spool.migrate();
    return spool as SpoolStorage;
  },
};
let schemas = 0;
const pools: { end(): Promise<unknown> }[] = [];

afterAll(() => Promise.all(pools.map((pool) => pool.end())));

const open = async (spool: SpoolStorage): Promise<SpoolStorage> => {
  await spool.open({ clock: new ManualClock(Date.now()), tombstones: 86_400_000 });
  return spool;
};

async function statesOf(spool: SpoolStorage): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { messageId, state, unknownAttempts } of spool.list()) found[messageId] = `${state} ${unknownAttempts.length}`;
  return found;
}

const all = {
  delivered: 'delivered 0',
  unconfirmed: 'unconfirmed 1',
  dead: 'dead 0',
  waits: 'spooled 0',
  'waits too': 'spooled 0',
  held: 'held 0',
  cancelled: 'cancelled 0',
};

const whatIsThere: ClaimRequest = {
  kind: 'deliver',
  lanes: { except: [] },
  limit: 100,
  perLane: 100,
  lease: 60_000,
  owner: 'a flush',
  ignorePickup: true,
  maxEntries: 100,
  maxBytes: 1_000_000,
  newNoteId: () => 'note',
  freeze: () => ({
    messageClass: 'IPM.Note.Microsoft.Conversation',
    subject: 's',
    wording: 1,
    place: { endpoint: 'https://exchange.test', mailbox: 'alice@contoso.com', folder: 'history' },
  }),
};

describe.each(Object.keys(kinds))('transfer from a %s spool', (from) => {
  it.each(Object.keys(kinds))('moves everything to a %s spool unchanged, once, and the source sends nothing more', async (to) => {
    const source = (await kinds[from]?.('source')) as SpoolStorage;
    await fill(source);
    await open(source);
    await exportSpool(source, file, { ...quiet, copy: false });
    const held = { ...all, unconfirmed: 'held 1', waits: 'held 0', 'waits too': 'held 0' };
    expect(await statesOf(source)).toEqual(held);
    const ids = (await Promise.all(Object.keys(all).map((id) => source.findMessage(id)))).flat().map(({ id }) => id);
    expect(await source.release(ids)).toEqual([]);
    const target = await open((await kinds[to]?.('target')) as SpoolStorage);
    expect(await importSpool(target, file, quiet)).toMatchObject({ messages: 7, added: 7, known: 0, conflicts: [] });
    expect(await statesOf(target)).toEqual(all);
    const [waits] = await target.findMessage('waits');
    expect((await target.get(waits?.id ?? ''))?.message?.text).toBe('waits');
    expect(await target.admin?.paused()).toEqual([]);
    // Repeated, from both: the same file, and nothing new.
    await exportSpool(source, file, { ...quiet, copy: false });
    expect(await importSpool(target, file, quiet)).toMatchObject({ added: 0, known: 7, exported: [] });
    expect(await statesOf(target)).toEqual(all);
    await Promise.all([source.close(), target.close()]);
  });

  it('keeps entries that come back held, and names them: the first file may have gone to a third spool', async () => {
    const source = (await kinds[from]?.('source')) as SpoolStorage;
    await fill(source);
    await open(source);
    await exportSpool(source, file, { ...quiet, copy: false });
    const target = await open(new MemorySpool());
    await importSpool(target, file, quiet);
    const back = join(folder, 'back.ndjson');
    await exportSpool(target, back, { ...quiet, copy: false });
    const before = await statesOf(source);
    const { added, known, exported } = await importSpool(source, back, quiet);
    expect({ added, known, exported: exported.toSorted() }).toEqual({
      added: 0,
      known: 7,
      exported: ['held', 'unconfirmed', 'waits', 'waits too'],
    });
    expect(await statesOf(source)).toEqual(before);
    const third = await open(new MemorySpool());
    expect(await importSpool(third, back, quiet)).toMatchObject({ added: 7, exported: [] });
    expect(await statesOf(third)).toEqual(all);
    await Promise.all([source.close(), target.close(), third.close()]);
  });
});

it.each(Object.keys(kinds))('entries being imported to a %s spool are claimed by nobody, even beside due ones', async (to) => {
  const source = (await kinds.memory?.('source')) as SpoolStorage;
  await fill(source);
  await open(source);
  await exportSpool(source, file, { ...quiet, copy: false });
  const target = (await kinds[to]?.('target')) as SpoolStorage & TransitionSpool;
  // Of the same conversation, and accepted before: later messages with the same recipients go with it.
  const { sender } = aliceSends({ spool: target, clock: new ManualClock(Date.now()) });
  await sender.send({ to: 'sip:erin@contoso.com', text: 'own', messageId: 'own' });
  await sender.stop();
  await open(target);
  const adopt = target.adopt.bind(target);
  let claimed: readonly ClaimedNote[] = [];
  target.adopt = async (moved) => {
    claimed = await target.claim(whatIsThere);
    return adopt(moved);
  };
  await importSpool(target, file, quiet);
  expect(claimed.map(({ entries }) => entries.map(({ messageId }) => messageId))).toEqual([['own']]);
  expect(await statesOf(target)).toEqual({ ...all, own: 'delivering 0' });
  // Existing entries are claimed as before.
  await target.settle(claimed.map(({ token }) => ({ token, to: 'delivered' }) as never));
  const next = aliceSends({ spool: target, clock: new ManualClock(Date.now() + 60_000) });
  await target.close();
  expect(await next.sender.flush()).toMatchObject({ delivered: 2 });
  await next.sender.stop();
});

it.each([[false], [true]])(
  'an entry accepted by another process during an export is exported too, or the export fails; claimed: %s',
  async (claims) => {
    const source = (await kinds.sqlite?.('source')) as SpoolStorage & TransitionSpool;
    await fill(source);
    await open(source);
    const beside = (await kinds.sqlite?.('source')) as SpoolStorage;
    const { sender } = aliceSends({ spool: beside, clock: new ManualClock(Date.now()) });
    const findMessage = source.findMessage.bind(source);
    let sent = false;
    source.findMessage = async (id) => {
      if (!sent) {
        sent = true;
        await sender.send({ to: 'sip:zoe@contoso.com', text: 'late', messageId: 'late' });
        if (claims) expect(await beside.claim(whatIsThere)).toHaveLength(1);
      }
      return findMessage(id);
    };
    const exported = exportSpool(source, file, { ...quiet, copy: false });
    if (claims) {
      await expect(exported).rejects.toMatchObject({ code: 'SPOOL_LOCKED' });
      await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
    } else {
      await exported;
      expect(await readFile(file, 'utf8')).toContain('"messageId":"late"');
      expect(await beside.claim(whatIsThere)).toEqual([]);
    }
    await sender.stop();
    await source.close();
  },
);

it('a text with any line separator is moved as it is, and its export replaced by the next one', async () => {
  const text = 'a\u2028b\u2029c\u0085d\u000be\u000cf\r\ng\rh\ufeff\ud800';
  const source = new MemorySpool();
  const { sender } = aliceSends({ spool: source, clock: new ManualClock(Date.now()) });
  await sender.send({ to: 'sip:bob@contoso.com', text, html: `<p>${text}</p>`, messageId: 'm\u2028' });
  await exportSpool(source, file, { ...quiet, copy: true });
  await exportSpool(source, file, { ...quiet, copy: true });
  const target = await open(new MemorySpool());
  expect(await importSpool(target, file, quiet)).toMatchObject({ messages: 1, added: 1 });
  const [moved] = await target.findMessage('m\u2028');
  expect((await target.get(moved?.id ?? ''))?.message).toMatchObject({ text, html: `<p>${text}</p>` });
  await sender.stop();
  await target.close();
});

it('a copy is imported as held, and leaves the source unchanged', async () => {
  const source = (await kinds.sqlite?.('source')) as SpoolStorage;
  await fill(source);
  await open(source);
  await exportSpool(source, file, { ...quiet, copy: true });
  expect(await statesOf(source)).toEqual(all);
  const target = await open(new MemorySpool());
  await importSpool(target, file, quiet);
  expect(await statesOf(target)).toEqual({ ...all, unconfirmed: 'held 1', waits: 'held 0', 'waits too': 'held 0' });
  await Promise.all([source.close(), target.close()]);
});

it('refuses a truncated or changed file, and a spool with a running sender, before changing anything', async () => {
  const source = await open(new MemorySpool());
  const { sender } = aliceSends({ spool: (await kinds.sqlite?.('other')) as SpoolStorage });
  await sender.stop();
  await exportSpool(source, file, { ...quiet, copy: false });
  const whole = await readFile(file, 'utf8');
  const target = await open(new MemorySpool());
  for (const bad of [whole.split('\n').slice(0, -2).join('\n'), whole.replace('"copy":false', '"copy":true'), 'x', '']) {
    await writeFile(file, bad);
    await expect(importSpool(target, file, quiet)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  }
  // Whatever else it holds by then.
  await writeFile(file, whole.replace('"version":1', '"version":2'));
  await expect(importSpool(target, file, quiet)).rejects.toMatchObject({
    code: 'SPOOL_VERSION',
    details: { version: 2, known: 1 },
  });
  expect(await statesOf(target)).toEqual({});
  await Promise.all([source.close(), target.close()]);
});

const mortals = ['holdExported', 'append', 'adopt', 'letAdoptedGo', 'findMessage', 'cancel'];

/** Interrupted after any operation, the next run continues, and everything is there once. */
it('interrupted at any step of export and import, and started again, it loses and duplicates nothing', async () => {
  const steps = async (limit: number): Promise<boolean> => {
    const dir = await mkdtemp(join(folder, 'run-'));
    const path = join(dir, 'spool.ndjson');
    const source = new SqliteSpool({ path: join(dir, 'source.db') });
    await fill(source);
    await open(source);
    const target = await open(new SqliteSpool({ path: join(dir, 'target.db') }));
    let left = limit;
    const killed = new Error('killed');
    const mortal = (storage: SpoolStorage): SpoolStorage =>
      new Proxy(storage, {
        get(object, name) {
          const value: unknown = Reflect.get(object, name, object);
          if (typeof value !== 'function') return value;
          if (!mortals.includes(String(name))) return value.bind(object);
          return async (...args: unknown[]) => {
            if (left <= 0) throw killed;
            left -= 1;
            return Reflect.apply(value, object, args) as unknown;
          };
        },
      });
    let died = false;
    try {
      await exportSpool(mortal(source), path, { ...quiet, copy: false });
      await importSpool(mortal(target), path, quiet);
    } catch (error) {
      if (error !== killed) throw error;
      died = true;
    }
    await exportSpool(source, path, { ...quiet, copy: false });
    await importSpool(target, path, quiet);
    expect(await statesOf(target)).toEqual(all);
    expect((await source.counts()).spooled).toBe(0);
    await Promise.all([source.close(), target.close()]);
    return died;
  };
  let limit = 0;
  while (await steps(limit)) limit += 1;
  expect(limit).toBeGreaterThan(8);
});

it.each(Object.keys(kinds))(
  'explain tells when an entry imported to a %s spool is due, and whether it is still being imported',
  async (to) => {
    const source = (await kinds.memory?.('source')) as SpoolStorage;
    await fill(source);
    await open(source);
    await exportSpool(source, file, { ...quiet, copy: false });
    const target = (await open((await kinds[to]?.('target')) as SpoolStorage)) as SpoolStorage & TransitionSpool;
    const handle = new SpoolHandle(target, 'carol');
    const adopt = target.adopt.bind(target);
    let parked: readonly Explanation[] = [];
    target.adopt = async (moved) => {
      parked = await handle.explain('waits');
      return adopt(moved);
    };
    await importSpool(target, file, quiet);
    expect(parked).toMatchObject([{ sentence: expect.stringMatching(/^It is being imported/) }]);
    expect(parked[0]).not.toHaveProperty('nextAt');
    for (const id of Object.keys(all)) {
      const [entry] = await handle.get(id);
      expect(Math.abs((entry?.pickupAt.getTime() ?? 0) - Date.now()), id).toBeLessThan(120_000);
    }
    await Promise.all([source.close(), target.close()]);
  },
);

it('two concurrent imports into one spool, and a sender beside them, do not interfere', async () => {
  const files = await Promise.all(
    ['one', 'two'].map(async (name) => {
      const source = new SqliteSpool({ path: join(folder, `${name}.db`) });
      const { sender } = aliceSends({ spool: source, clock: new ManualClock(Date.now()) });
      for (let at = 0; at < 30; at++) await sender.send({ to: 'sip:bob@contoso.com', text: name, messageId: `${name} ${at}` });
      await sender.stop();
      await open(source);
      const path = join(folder, `${name}.ndjson`);
      await exportSpool(source, path, { ...quiet, copy: false });
      await source.close();
      return path;
    }),
  );
  const path = join(folder, 'target.db');
  const targets = await Promise.all(files.map(() => open(new SqliteSpool({ path }))));
  const running = aliceSends({ spool: new SqliteSpool({ path }), clock: new ManualClock(Date.now()) });
  await Promise.all([
    ...files.map((one, at) => importSpool(targets[at] as SpoolStorage, one, quiet)),
    ...Array.from({ length: 5 }, () => running.sender.flush()),
  ]);
  expect(await targets[0]?.admin?.paused()).toEqual([]);
  await running.sender.flush();
  expect((await running.sender.stats()).states).toMatchObject({ delivered: 60, spooled: 0 });
  await running.sender.stop();
  await Promise.all(targets.map((one) => one.close()));
});

describe.each(Object.keys(kinds))('a %s spool whose import was interrupted before any entry regained its state', (to) => {
  const ended = async (): Promise<SpoolStorage & TransitionSpool> => {
    const source = (await kinds.memory?.('source')) as SpoolStorage;
    await fill(source);
    await open(source);
    await exportSpool(source, file, { ...quiet, copy: false });
    await source.close();
    const target = (await open((await kinds[to]?.('target')) as SpoolStorage)) as SpoolStorage & TransitionSpool;
    const adopt = target.adopt.bind(target);
    target.adopt = () => Promise.reject(new Error('killed'));
    await expect(importSpool(target, file, quiet)).rejects.toThrow('killed');
    target.adopt = adopt;
    return target;
  };

  it('sends nothing twice that an operator holds and releases meanwhile', async () => {
    const target = await ended();
    const handle = new SpoolHandle(target, 'carol');
    expect((await handle.hold({ state: 'spooled' })).changes).toHaveLength(7);
    expect((await handle.release({ state: 'held' })).changes).toHaveLength(7);
    for await (const { pickupAt } of target.list()) expect(pickupAt).toBeGreaterThan(Date.now() + 86_400_000);
    await importSpool(target, file, quiet);
    expect(await statesOf(target)).toEqual(all);
    await target.close();
  });

  it('keeps entries held that an operator holds, with their unknown attempts', async () => {
    const target = await ended();
    const handle = new SpoolHandle(target, 'carol');
    await handle.hold({ state: 'spooled' });
    await importSpool(target, file, quiet);
    const held = { unconfirmed: 'held 1', waits: 'held 0', 'waits too': 'held 0' };
    expect(await statesOf(target)).toEqual({ ...all, ...held });
    await handle.release({ state: 'held' });
    expect(await statesOf(target)).toEqual({ ...all, held: 'spooled 0' });
    await target.close();
  });

  it('is not exported, since it is unknown what was sent', async () => {
    const target = await ended();
    const other = join(folder, 'other.ndjson');
    for (const copy of [true, false])
      await expect(exportSpool(target, other, { ...quiet, copy })).rejects.toMatchObject({ code: 'SPOOL_LOCKED' });
    await importSpool(target, file, quiet);
    expect(await statesOf(target)).toEqual(all);
    await expect(exportSpool(target, other, { ...quiet, copy: false })).resolves.toEqual({ messages: 7 });
    await target.close();
  });
});

it('a requested cancel is still carried out once the entry is known unsent, wherever an import was interrupted', async () => {
  const source = (await kinds.memory?.('source')) as SpoolStorage;
  await fill(source);
  await open(source);
  await source.cancel((await source.findMessage('unconfirmed')).map(({ id }) => id));
  await exportSpool(source, file, { ...quiet, copy: false });
  const target = await open((await kinds.memory?.('target')) as SpoolStorage);
  target.cancel = () => Promise.reject(new Error('killed'));
  await importSpool(target, file, quiet).catch(() => undefined);
  expect(await target.findMessage('unconfirmed')).toMatchObject([{ state: 'unconfirmed', cancelRequested: true }]);
  await Promise.all([source.close(), target.close()]);
});
