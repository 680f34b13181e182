import type { DatabaseSync } from 'node:sqlite';

/** Pages given back in one step: about 1 MiB, some ms. */
const step = 256;
/** Free pages that are kept for what comes next, at least. */
const spare = 1_024;

/** Gives a step of free pages back to the file system when more than a quarter of the file is free. */
export function vacuumStep(database: DatabaseSync): void {
  const { pages, free } = pagesOf(database);
  if (free > spare && free > pages / 4) database.exec(`PRAGMA incremental_vacuum(${step})`);
}

/** Bytes of the file that are in use: messages, tombstones and indexes. */
export function bytesInUse(database: DatabaseSync): number {
  const { pages, free, size } = pagesOf(database);
  return (pages - free) * size;
}

function pagesOf(database: DatabaseSync): { readonly pages: number; readonly free: number; readonly size: number } {
  const pragma = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
  return { pages: pragma('page_count'), free: pragma('freelist_count'), size: pragma('page_size') };
}
