import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { SpoolState } from '../../src/spool/contract.ts';
import type { SpoolChoice } from './worker-options.ts';

const script = fileURLToPath(new URL('./count-process.ts', import.meta.url));

/** Entries by state, as a process finds them that opens the spool after all others, and lines about some that are not delivered. */
export async function lastCounts(
  spool: SpoolChoice,
): Promise<{ readonly counts: Readonly<Record<SpoolState, number>>; readonly notes: readonly string[] }> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(spool)], { timeout: 120_000 });
  const [counts = '', ...notes] = stdout.trim().split('\n');
  return { counts: JSON.parse(counts) as Readonly<Record<SpoolState, number>>, notes };
}
