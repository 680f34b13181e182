import { fsync } from 'node:fs';
import { promisify } from 'node:util';
import { property } from '../../core/errors/thrown.ts';

/** As a FileHandle's `sync()`, which Yarn's Plug'n'Play replaces by one that throws. */
export const syncDescriptor: (descriptor: number) => Promise<void> = promisify(fsync);

/** Whether Node's permission model (`--permission`) refused a call: access to a path, or `fsync`, which it allows no program. */
export function isDeniedByNode(error: unknown): boolean {
  return property(error, 'code') === 'ERR_ACCESS_DENIED';
}

/** What to do about a path that can't be used. */
export function adviceOnPath(error: unknown): string {
  if (!isDeniedByNode(error)) return 'Check the path and the permissions of its folder.';
  if (property(error, 'permission') !== '')
    return 'Allow its folder with --allow-fs-read and --allow-fs-write, or start Node without --permission.';
  return 'Start Node without --permission, under which no program can sync a file; of the spools on disk only SqliteSpool works there, without backup().';
}
