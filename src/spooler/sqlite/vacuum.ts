import type { DatabaseSync } from 'node:sqlite';

/** Pages given back in one step: about 1 MiB, some ms. */
const step = 256;
/** Free pages that are kept for what comes next, at least. */
const spare = 1_024;

/** Gives a step of free pages back to the file system when more than a quarter of the file is free. */
export function vacuumStep(database: DatabaseSync): void {
  const pages = Number(database.prepare('PRAGMA page_count').get()?.page_count ?? 0);
  const free = Number(database.prepare('PRAGMA freelist_count').get()?.freelist_count ?? 0);
  if (free > spare && free > pages / 4) database.exec(`PRAGMA incremental_vacuum(${step})`);
}
