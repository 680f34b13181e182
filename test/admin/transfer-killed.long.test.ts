import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { importSpool } from '../../src/admin/import.ts';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { MemorySpool } from '../../src/spool/journaled/memory-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { programOf } from '../support/program.ts';
import { randomFrom } from '../support/random.ts';
import { fill } from './fill.ts';

const script = programOf(new URL('./transfer-process.ts', import.meta.url));
const quiet = { signal: new AbortController().signal, onProgress: () => undefined };
const seed = Number(process.env.OFFLINE_IM_SEED ?? Date.now() % 1_000_000);
const random = randomFrom(seed);
process.stdout.write(`seed ${seed}\n`);
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-killed-'));
  file = join(folder, 'spool.ndjson');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const placeOf = (name: string) => join(folder, name);
const spoolOf = (kind: string, name: string): SpoolStorage =>
  kind === 'file' ? new FileSpool({ root: placeOf(name) }) : new SqliteSpool({ path: placeOf(name) });

/** Whether it completed; otherwise it was killed, after that many calls or that many ms. */
function run(direction: string, kind: string, name: string, step: number | undefined, ms?: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const args = [script, direction, kind, placeOf(name), file, String(step ?? 0)];
    const child = execFile(process.execPath, args, (error, out, err) => {
      if (out.startsWith('done')) resolve(true);
      else if (error?.signal === 'SIGKILL') resolve(false);
      else reject(new Error(`It failed: ${err}`));
    });
    if (ms !== undefined) setTimeout(() => child.kill('SIGKILL'), ms);
  });
}

async function statesOf(spool: SpoolStorage): Promise<Record<string, readonly string[]>> {
  await spool.open({ clock: new ManualClock(Date.now()), tombstones: 86_400_000 });
  const found: Record<string, string[]> = {};
  for await (const { messageId, state, unknownAttempts } of spool.list()) {
    found[messageId] = [...(found[messageId] ?? []), `${state} ${unknownAttempts.length}`];
  }
  await spool.close();
  return found;
}

const all = {
  delivered: ['delivered 0'],
  unconfirmed: ['unconfirmed 1'],
  dead: ['dead 0'],
  waits: ['spooled 0'],
  'waits too': ['spooled 0'],
  held: ['held 0'],
  cancelled: ['cancelled 0'],
};

/** If it exists, it is complete: the import checks that before it adds anything. */
async function isWhole(): Promise<boolean> {
  if ((await stat(file).catch(() => undefined)) === undefined) return false;
  const target = new MemorySpool();
  await target.open({ clock: new ManualClock(Date.now()), tombstones: 86_400_000 });
  expect(await importSpool(target, file, quiet)).toMatchObject({ messages: 7, added: 7 });
  return true;
}

describe.each([
  ['file', 'sqlite'],
  ['sqlite', 'file'],
])('a process that moves a %s spool to a %s spool', (from, to) => {
  it('may be killed at any step: the next call completes the move, and nothing is lost, duplicated or half there', async () => {
    await fill(spoolOf(from, 'source'));
    for (let step = 1; ; step += 1) {
      await rm(file, { force: true });
      await cp(placeOf('source'), placeOf('tried'), { recursive: true });
      const ended = await run('export', from, 'tried', step);
      expect(await isWhole()).toBe(ended);
      if (!ended) expect(await run('export', from, 'tried', undefined)).toBe(true);
      expect(await isWhole()).toBe(true);
      await rm(placeOf('tried'), { recursive: true });
      if (ended) break;
    }
    for (let step = 1; ; step += 1) {
      const ended = await run('import', to, `target ${step}`, step);
      if (!ended) expect(await run('import', to, `target ${step}`, undefined)).toBe(true);
      expect(await statesOf(spoolOf(to, `target ${step}`))).toEqual(all);
      if (ended) break;
    }
  });

  it('may be killed at any moment, again and again', async () => {
    await fill(spoolOf(from, 'source'));
    const started = performance.now();
    while (!(await run('export', from, 'source', undefined, 300 + random() * 2_000 + (performance.now() - started) / 20))) {
      // A killed export leaves no file, or a complete one.
      await isWhole();
    }
    expect(await isWhole()).toBe(true);
    const before = await readFile(file, 'utf8');
    while (!(await run('import', to, 'target', undefined, 300 + random() * 2_000 + (performance.now() - started) / 20)));
    expect(await statesOf(spoolOf(to, 'target'))).toEqual(all);
    expect(await readFile(file, 'utf8')).toBe(before);
  });
});
