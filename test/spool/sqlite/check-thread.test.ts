import { copyFile, readFile, stat, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { checkInThread, isWorthAThread } from '../../../src/spool/sqlite/connection/check-thread.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { newEntry } from '../../support/spool-entries.ts';
import { type World, world } from './support.ts';

const context = { clock: systemClock, tombstones: 86_400_000 };
const count = 3_000;

/** A spool left by a crashed process, too large to be checked at once. */
async function leftBehind(at: World): Promise<string> {
  const spool = await at.open();
  const text = 'a long message '.repeat(60);
  const entries = Array.from({ length: count }, (_, index) => {
    const entry = newEntry(`e${index}`, { conversationId: `c${index % 50}` });
    return { ...entry, message: { ...entry.message, text: `${text}${index}` } };
  });
  await spool.append(entries);
  const path = `${at.path}-left`;
  for (const part of ['', '-wal']) await copyFile(`${at.path}${part}`, `${path}${part}`);
  return path;
}

async function damage(path: string): Promise<void> {
  const bytes = await readFile(path);
  // Far behind the schema: it is still recognised as a spool.
  for (let at = 4_096 * Math.floor(bytes.length / 8_192); at < bytes.length; at += 4_096) bytes.fill(0xee, at, at + 300);
  await writeFile(path, bytes);
  await writeFile(`${path}-wal`, 'no log of any kind, but something');
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** How often the event loop turned until then. */
async function turnsUntil(end: Promise<unknown>): Promise<number> {
  let over = false;
  const ended = end.finally(() => {
    over = true;
  });
  let turns = 0;
  for (; !over; turns++) await new Promise((resolve) => setImmediate(resolve));
  await ended;
  return turns;
}

describe('a large spool left by a crashed process', () => {
  it('is checked outside the event loop, and keeps its content', async () => {
    await using at = await world();
    const path = await leftBehind(at);
    expect(isWorthAThread(path, false)).toBe(true);
    const spool = new SqliteSpool({ path });
    // Opened in this thread it takes about ten turns.
    expect(await turnsUntil(spool.open(context))).toBeGreaterThan(100);
    expect(await spool.counts()).toMatchObject({ spooled: count });
    await spool.close();
    expect([isWorthAThread(path, false), isWorthAThread(path, true)]).toEqual([false, true]);
  });

  it('is refused at every opening if it is damaged', async () => {
    await using at = await world();
    const path = await leftBehind(at);
    const whole = new SqliteSpool({ path });
    await whole.open(context);
    await whole.close();
    await damage(path);
    for (let time = 0; time < 2; time++) {
      await expect(new SqliteSpool({ path }).open(context)).rejects.toMatchObject({ code: 'SPOOL_CORRUPT' });
    }
  });

  it('is opened by one of two concurrent processes, then by the other', async () => {
    await using at = await world();
    const path = await leftBehind(at);
    const spools = [new SqliteSpool({ path }), new SqliteSpool({ path })];
    await Promise.all(spools.map((spool) => spool.open(context)));
    expect(await Promise.all(spools.map(async (spool) => (await spool.counts()).spooled))).toEqual([count, count]);
    for (const spool of spools) await spool.close();
  });

  it('is given up in time while another program locks it', async () => {
    await using at = await world();
    const path = await leftBehind(at);
    const other = new DatabaseSync(path);
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const opening = new SqliteSpool({ path, busyTimeout: 200 }).open(context);
    await expect(opening).rejects.toMatchObject({ code: 'SPOOL_BUSY' });
    other.exec('ROLLBACK');
    other.close();
  });
});

describe('the thread', () => {
  it('checkpoints the log of an intact spool, and closes it cleanly', async () => {
    await using at = await world();
    const path = await leftBehind(at);
    expect(await checkInThread(path, `${path}-mark`)).toBe(true);
    expect(await Promise.all([`${path}-wal`, `${path}-shm`, `${path}-mark`].map(isThere))).toEqual([false, false, false]);
  });

  it('leaves a marker beside a damaged one', async () => {
    await using at = await world();
    const path = await leftBehind(at);
    expect(await checkInThread(path, `${path}-mark`)).toBe(true);
    await damage(path);
    expect(await checkInThread(path, `${path}-mark`)).toBe(false);
    expect(await isThere(`${path}-mark`)).toBe(true);
  });

  it('leaves alone a file that is open elsewhere', async () => {
    await using at = await world();
    const spool = await at.open();
    await spool.append([newEntry('a')]);
    expect(await checkInThread(at.path, `${at.path}-mark`)).toBe(false);
    expect(await isThere(`${at.path}-mark`)).toBe(false);
    expect(await spool.counts()).toMatchObject({ spooled: 1 });
  });

  it('leaves alone a database of another program, and any other file', async () => {
    await using at = await world();
    const [other, none] = [`${at.path}-other`, `${at.path}-none`];
    const database = new DatabaseSync(other);
    database.exec('CREATE TABLE theirs (a); PRAGMA application_id = 7');
    database.close();
    await writeFile(none, 'a text '.repeat(1_000));
    const before = await Promise.all([other, none].map((path) => readFile(path)));
    for (const path of [other, none]) {
      expect(await checkInThread(path, `${path}-mark`)).toBe(false);
      expect(await isThere(`${path}-mark`)).toBe(false);
    }
    expect(await Promise.all([other, none].map((path) => readFile(path)))).toEqual(before);
  });
});
