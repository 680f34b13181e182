/** The folders of the short tests are in memory, those of these tests on the machine's disk, for which spools have to wait. */
import { join } from 'node:path';
import { describe, it } from 'vitest';
import type { SpoolStorage } from '../../src/spool/contract.ts';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { SqliteSpool } from '../../src/sqlite.ts';
import { spoolConformance } from '../../src/testing.ts';
import { onDisk } from './on-disk.ts';
import { sealing } from './sealed/support.ts';

const file = (root: string) => new FileSpool({ root });
const sqlite = (folder: string) => new SqliteSpool({ path: join(folder, 'spool.db') });

describe.each<[string, (folder: string) => SpoolStorage, number]>([
  ['FileSpool', file, 30_000],
  ['SqliteSpool, to the millisecond', sqlite, 1],
  ['sealed FileSpool', sealing(file), 30_000],
])("%s on the machine's own disk", (_, make, unit) => {
  spoolConformance({ describe, it }, onDisk(make, unit));
});
