import { join } from 'node:path';
import { describe, it } from 'vitest';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { spoolConformance } from '../../../src/testing.ts';
import { onDisk } from '../on-disk.ts';

const make = (folder: string) => new SqliteSpool({ path: join(folder, 'spool.db') });

describe('SqliteSpool', () => {
  spoolConformance({ describe, it }, onDisk(make));
});

/** Subjects that involve time; on-own-disk.long.test.ts has all of it. */
describe('SqliteSpool, to the millisecond', () => {
  spoolConformance({ describe, it }, onDisk(make, 1), {
    skip: ['life', 'append', 'merge', 'frozen', 'host actions', 'cancel', 'read', 'restart', 'values', 'admin', 'standing'],
  });
});
