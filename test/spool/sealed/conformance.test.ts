import { join } from 'node:path';
import { describe, it } from 'vitest';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import { MemorySpool } from '../../../src/spool/journaled/memory-spool.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { type SpoolConformanceSubject, spoolConformance } from '../../../src/testing.ts';
import { onDisk } from '../on-disk.ts';
import { inItsOwnSuite, sealing } from './support.ts';

/** Nothing is left out over memory: by its contract, a sealed spool cannot be distinguished from the one inside. */
describe('sealed MemorySpool', () => {
  spoolConformance({ describe, it }, () => {
    const inner = new MemorySpool();
    return onDisk(sealing(() => inner))();
  });
});

/** Behaviour of the engine only, which a FileSpool shares with the MemorySpool above; the long tests run it whole. */
const inMemory: readonly SpoolConformanceSubject[] = ['admin', 'late delivered', 'probe', 'frozen', 'read'];

describe.each<[string, (folder: string) => SpoolStorage, readonly SpoolConformanceSubject[]]>([
  ['FileSpool', (root) => new FileSpool({ root }), [...inItsOwnSuite, ...inMemory]],
  ['SqliteSpool', (folder) => new SqliteSpool({ path: join(folder, 'spool.db') }), inItsOwnSuite],
])('sealed %s', (_, make, left) => {
  spoolConformance({ describe, it }, onDisk(sealing(make)), { skip: left });
});
