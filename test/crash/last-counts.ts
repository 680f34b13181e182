import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { SpoolState } from '../../src/spool/contract.ts';
import { programOf } from '../support/program.ts';
import type { SpoolChoice } from './worker-options.ts';

const script = programOf(new URL('./count-process.ts', import.meta.url));

/** What a process finds that opens the spool after all others have ended. */
export interface LastCounts {
  readonly counts: Readonly<Record<SpoolState, number>>;
  /** Codes of dead messages, by id. */
  readonly dead: Readonly<Record<string, string>>;
  /** About some entries that have not ended. */
  readonly notes: readonly string[];
}

export async function lastCounts(spool: SpoolChoice): Promise<LastCounts> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(spool)], { timeout: 120_000 });
  const [counts = '', dead = '', ...notes] = stdout.trim().split('\n');
  return { counts: JSON.parse(counts) as LastCounts['counts'], dead: JSON.parse(dead) as LastCounts['dead'], notes };
}
