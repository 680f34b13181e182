import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A file system of a given size that a test fills up and frees again. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
  /** Fills it to the last byte. */
  fill(): Promise<void>;
  free(): Promise<void>;
  /** Makes the whole file system read-only, or writable again. */
  remount(how: 'ro' | 'rw'): Promise<void>;
}

/** True if this process may mount: root on Linux, outside most containers. `OFFLINE_IM_NO_MOUNT=1` tests the alternative. */
export const mayMount: boolean = process.env.OFFLINE_IM_NO_MOUNT === undefined && (await canMount());

async function canMount(): Promise<boolean> {
  try {
    await using _disk = await smallDisk('64k');
    return true;
  } catch {
    return false;
  }
}

/** @param size In the notation of `mount`. */
export async function smallDisk(size: string): Promise<SmallDisk> {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-disk-'));
  const ballast = join(folder, 'ballast');
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', folder]);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
  return {
    folder,
    async fill() {
      const file = await open(ballast, 'a');
      try {
        for (const bytes of [4_096, 1]) while (await wrote(file, bytes));
      } finally {
        await file.close();
      }
    },
    free: () => rm(ballast, { force: true }),
    remount: async (how) => {
      await run('mount', ['-o', `remount,${how}`, folder]);
    },
    async [Symbol.asyncDispose]() {
      // Lazily: a failed test may have left a file open.
      await run('umount', ['-l', folder]);
      await rm(folder, { recursive: true });
    },
  };
}

async function wrote(file: Awaited<ReturnType<typeof open>>, bytes: number): Promise<boolean> {
  try {
    const { bytesWritten } = await file.write(Buffer.alloc(bytes));
    return bytesWritten > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
