/**
 * A host that appends, claims and settles, and copies the folder of its open spool meanwhile: `node copier.ts <path> <name>
 * <ms>`. Prints one JSON line for everything it has done.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../../src/core/clock.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { claimRequest, newEntry } from '../../support/spool-entries.ts';
import type { ChildLine } from './child-options.ts';

const [, , path = '', name = '', ms = '0'] = process.argv;
const spool = new SqliteSpool({ path, busyTimeout: 30_000 });
await spool.open({ clock: systemClock, tombstones: 86_400_000 });
const until = performance.now() + Number(ms);
const goesOn = (): boolean => performance.now() < until;

function say(line: ChildLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function append(line: number): Promise<void> {
  for (let made = 0; goesOn(); made++) {
    const id = `${name}-${line}-${made}`;
    const [result] = await spool.append([newEntry(id, { conversationId: id, pickupIn: 0 })]);
    if (result?.status === 'appended') say({ kept: [id] });
  }
}

async function deliver(): Promise<void> {
  for (let notes = 0; goesOn(); ) {
    const request = claimRequest({ limit: 20, perLane: 20, lease: 600_000, newNoteId: () => `${name}-note-${notes++}` });
    // If its commit is in doubt, nothing was handed out.
    const claimed = await spool.claim(request).catch(() => []);
    say({ claimed: claimed.flatMap(({ entries }) => entries.map(({ id }) => id)) });
    await spool.settle(claimed.map(({ token }) => ({ token, to: 'delivered' }))).catch(() => undefined);
    await wait(5);
  }
}

/** Not with `cp`, which never ends on a source that shrinks meanwhile. */
async function copy(): Promise<void> {
  const target = `${dirname(path)}-${name}`;
  await mkdir(target, { recursive: true });
  for (let copies = 0; goesOn(); copies++) {
    for (const file of await readdir(dirname(path))) {
      const bytes = await readFile(join(dirname(path), file)).catch(() => undefined);
      if (bytes !== undefined) await writeFile(join(target, file), bytes);
    }
    say({ copies });
    await wait(Math.random() * 30);
  }
  await rm(target, { recursive: true, force: true });
}

await Promise.all([...Array.from({ length: 8 }, (_, line) => append(line)), deliver(), copy()]);
await spool.close();
say({ ended: true });
