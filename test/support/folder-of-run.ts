/**
 * Each run has a folder for what its processes create once and share: bundled programs, compiled code, an initialised PostgreSQL.
 * The short tests also create their own folders there, thousands of small ones, each of which would wait for its syncs on a disk:
 * so it is in memory if there is room. The long tests run the same spools on the machine's own disk. `OFFLINE_IM_TEST_DISK=own`
 * uses it for all.
 */
import { chmod, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

const memory = '/dev/shm';
/** Bytes: what three concurrent runs need, several times over. Docker provides only 64 MB unless configured. */
const enough = 2_000_000_000;
const name = /^offline-im-tests-(\d+)-/;

export default async function useFolder({ config, name: project }: TestProject): Promise<() => Promise<void>> {
  const inMemory = process.env.OFFLINE_IM_TEST_DISK !== 'own' && (await hasRoom());
  const parent = inMemory ? memory : tmpdir();
  await removeLeftBehind(parent);
  const folder = await mkdtemp(join(parent, `offline-im-tests-${process.pid}-`));
  // PostgreSQL runs as its own user, who needs access to its part.
  await chmod(folder, 0o711);
  config.env = {
    ...config.env,
    ...(inMemory && project === 'short' ? { TMPDIR: folder } : {}),
    OFFLINE_IM_TEST_FOLDER: folder,
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
  };
  // A child that is just ending may write to it once more; the next run removes what remains.
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

/** Folders of runs that were killed. */
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
