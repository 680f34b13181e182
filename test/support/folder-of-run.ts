/**
 * Each run has a folder for what its processes make once and keep for those that come later: bundled programs, what is compiled, a PostgreSQL that is set up.
 * The short tests also make their own folders there, thousands of small ones, and on a disk each of them waits for its syncs: where there is room it lies in
 * memory. On the machine's own disk the same spools pass in the long tests. `OFFLINE_IM_TEST_DISK=own` uses it for all.
 */
import { chmod, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

const memory = '/dev/shm';
/** Bytes: what three runs at a time need, several times over. Docker has 64 MB there unless it is told. */
const enough = 2_000_000_000;
const name = /^offline-im-tests-(\d+)-/;

export default async function useFolder({ config, name: project }: TestProject): Promise<() => Promise<void>> {
  const inMemory = process.env.OFFLINE_IM_TEST_DISK !== 'own' && (await hasRoom());
  const parent = inMemory ? memory : tmpdir();
  await removeLeftBehind(parent);
  const folder = await mkdtemp(join(parent, `offline-im-tests-${process.pid}-`));
  // PostgreSQL runs as a user of its own, who has to get to its part of it.
  await chmod(folder, 0o711);
  config.env = {
    ...config.env,
    ...(inMemory && project === 'short' ? { TMPDIR: folder } : {}),
    OFFLINE_IM_TEST_FOLDER: folder,
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
  };
  // A child that is just ending may write to it once more; what stays then, the next run removes.
  return () => rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
}

async function hasRoom(): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(memory);
    return bavail * bsize >= enough;
  } catch {
    return false;
  }
}

/** What runs that were killed made. */
async function removeLeftBehind(parent: string): Promise<void> {
  for (const found of await readdir(parent)) {
    const pid = Number(name.exec(found)?.[1]);
    if (pid > 0 && !isAlive(pid)) await rm(join(parent, found), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
