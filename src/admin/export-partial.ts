import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { type FileHandle, open, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { property } from '../core/errors/thrown.ts';
import { unwritable } from './export-target.ts';

/** ms without a write after which a partial counts as abandoned, if its process can't be checked. */
const abandoned = 3_600_000;

/**
 * Opens the file for an unfinished export: each export has its own, since two may run at once, and containers that share a volume may have the same process ids.
 * Removes the partials of killed exports, if they certainly were killed.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 */
export async function openPartial(file: string): Promise<{ readonly output: FileHandle; readonly path: string }> {
  const path = `${file}.${processSpace()}.${process.pid}.${randomBytes(6).toString('hex')}.partial`;
  try {
    const output = await open(path, 'wx', 0o600);
    // The volume's clock may differ from ours.
    await removeLeft(file, path, (await output.stat()).mtimeMs);
    return { output, path };
  } catch (error) {
    throw unwritable({ file }, error);
  }
}

async function removeLeft(file: string, own: string, now: number): Promise<void> {
  const [folder, name] = [dirname(file), basename(file)];
  const here = processSpace();
  // A folder that is writable but not readable keeps them.
  for (const one of await readdir(folder).catch(() => [])) {
    const path = join(folder, one);
    if (!one.startsWith(name) || path === own) continue;
    const [whole, space, pid] = /^(?:\.([0-9a-f]{8}))?\.(\d+)(?:\.[0-9a-f]{12})?\.partial$/.exec(one.slice(name.length)) ?? [];
    if (whole === undefined) continue;
    // An export that holds entries for long writes nothing meanwhile: so the time decides only if its process can't be checked.
    const isLeft = space === here ? !isAlive(Number(pid)) : await isOld(path, now);
    if (isLeft) await rm(path, { force: true }).catch(() => undefined);
  }
}

async function isOld(path: string, now: number): Promise<boolean> {
  const written = await stat(path).catch(() => undefined);
  return written !== undefined && now - written.mtimeMs > abandoned;
}

/** The scope of process ids: a machine since its boot, and a container within it. */
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
    // Another user's process is alive.
    return property(error, 'code') !== 'ESRCH';
  }
}
