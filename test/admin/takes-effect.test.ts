import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe } from 'vitest';
import { FileSpool } from '../../src/spool/file/file-spool.ts';
import { SqliteSpool } from '../../src/spool/sqlite/sqlite-spool.ts';
import { itTakesEffect } from './effects.ts';

const folders: string[] = [];

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'offline-im-effects-'));
  folders.push(made);
  return made;
}

afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true });
});

/** An hour: anything that takes effect within the test did so at once. */
describe('changes of an operator on a folder that a sender has open take effect at once', () => {
  itTakesEffect(async () => {
    const where = join(await folder(), 'spool');
    return { spool: new FileSpool({ root: where }), where, pollInterval: 3_600_000 };
  });
});

describe('changes of an operator on an SQLite file that a sender has open take effect at its next poll', () => {
  itTakesEffect(async () => {
    const where = join(await folder(), 'spool.db');
    return { spool: new SqliteSpool({ path: where }), where, pollInterval: 50 };
  });
});
