import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { property } from '../core/errors/thrown.ts';
import { unwritable } from './export-target.ts';

/** For how long a partial that nobody writes to is taken for one at work, where its process can't be asked for (in ms). */
const abandoned = 3_600_000;

/**
 * Where an export is written until it is whole: each has a file of its own, since two may write at once, and containers that share a volume have the same process ids. What
 * killed ones have left is removed, where it is sure that they were.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 */
export async function openPartial(file: string): Promise<{ readonly output: FileHandle; readonly path: string }> {
  const path = `${file}.${processSpace()}.${process.pid}.${randomBytes(6).toString('hex')}.partial`;
  try {
    const output = await open(path, 'wx', 0o600);
    // The clock of a volume may be another one than ours.
    await removeLeft(file, path, (await output.stat()).mtimeMs);
    return { output, path };
  } catch (error) {
    throw unwritable(file, error);
  }
}

async function removeLeft(file: string, own: string, now: number): Promise<void> {
  const [folder, name] = [dirname(file), basename(file)];
  const here = processSpace();
  // A folder that may be written, and not be read, keeps them.
  for (const one of await readdir(folder).catch(() => [])) {
    const path = join(folder, one);
    if (!one.startsWith(name) || path === own) continue;
    const [whole, space, pid] = /^(?:\.([0-9a-f]{8}))?\.(\d+)(?:\.[0-9a-f]{12})?\.partial$/.exec(one.slice(name.length)) ?? [];
    if (whole === undefined) continue;
    // One that holds for long writes nothing meanwhile: only where its process can't be asked for the time decides.
    const isLeft = space === here ? !isAlive(Number(pid)) : await isOld(path, now);
    if (isLeft) await rm(path, { force: true }).catch(() => undefined);
  }
}

async function isOld(path: string, now: number): Promise<boolean> {
  const written = await stat(path).catch(() => undefined);
  return written !== undefined && now - written.mtimeMs > abandoned;
}

/** Where a process id means the same process: a machine since its start, and within it a container. */
function processSpace(): string {
  const read = (ask: () => string): string => {
    try {
      return ask();
    } catch {
      // Not on Linux.
      return '';
    }
  };
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  const space = read(() => readlinkSync('/proc/self/ns/pid'));
  return createHash('sha256').update([hostname(), boot, space].join('\n')).digest('hex').slice(0, 8);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Of another user: alive.
    return property(error, 'code') !== 'ESRCH';
  }
}
