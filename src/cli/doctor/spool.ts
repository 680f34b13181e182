import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { SpoolHandle } from '../../admin/spool-handle.ts';
import { placeOf } from '../../admin/where.ts';
import { hasCode } from '../../core/errors/offline-im-error.ts';
import { type Finding, fail, ok, told, warn } from './finding.ts';

const mebibyte = 1024 * 1024;
/** Up to this many entries, all are read. */
const readable = 10_000;

/** Checks whether the spool opens, its obstacles, and the free space. */
export async function spoolHealth(where: string, open: () => Promise<SpoolHandle>): Promise<Finding[]> {
  const findings: Finding[] = [];
  let spool: SpoolHandle;
  try {
    spool = await open();
  } catch (error) {
    const todo = hasCode(error, 'SPOOL_LOCKED')
      ? 'Check that process, and stop it if it hangs. There is nothing to delete.'
      : hasCode(error, 'SPOOL_NOT_MIGRATED')
        ? 'If the schema is correct, run offline-im migrate with the same --spool and --schema.'
        : 'Correct --spool, or fix the problem described above.';
    return [fail('spool', `The spool can't be opened (${told(error)}).`, todo), ...room(where)];
  }
  try {
    const { states, paused } = await spool.stats();
    const all = Object.values(states).reduce((sum, count) => sum + count, 0);
    const wrong = all <= readable ? await spool.check() : [];
    for (const one of wrong)
      findings.push(fail('spool', one, 'Check the quarantine, and restore a backup if anything is missing.'));
    if (wrong.length === 0)
      findings.push(
        ok('spool', all <= readable ? `All ${all} entries are readable.` : `${all} entries; offline-im check reads them all.`),
      );
    if (states.dead > 0)
      findings.push(
        warn(
          'dead',
          `${states.dead === 1 ? 'One message is' : `${states.dead} messages are`} dead.`,
          'offline-im list --state dead',
        ),
      );
    for (const { lane, by, why } of paused) {
      findings.push(
        warn(
          'paused',
          `${lane ?? 'Every mailbox'} is paused by ${by}${why === undefined ? '' : `: ${why}`}.`,
          `offline-im resume${lane === undefined ? '' : ` ${lane}`}`,
        ),
      );
    }
    for (const { kind, name, reason } of (await spool.reports()).flatMap((report) => report.obstacles)) {
      findings.push(
        warn('blocked', `${name} (${kind}): ${reason.code}: ${reason.text}`, 'Fix the cause, then: offline-im retry-now'),
      );
    }
  } catch (error) {
    findings.push(fail('spool', `The spool can't be read (${told(error)}).`, 'offline-im check'));
  } finally {
    await spool.close().catch(() => undefined);
  }
  return [...findings, ...room(where)];
}

/** Checks the free space on the disk of a folder or a file. */
function room(where: string): Finding[] {
  try {
    const place = placeOf(where);
    if (place.kind === 'postgres') return [];
    const { bavail, bsize, ffree, files } = statfsSync(place.kind === 'file' ? place.root : dirname(place.path));
    const free = Math.floor((bavail * bsize) / mebibyte);
    const todo = 'Free up space: a spool on a full disk accepts no more messages.';
    if (free < 100) return [fail('disk', `The disk of the spool has ${free} MiB left.`, todo)];
    if (free < 1_024) return [warn('disk', `The disk of the spool has ${free} MiB left.`, todo)];
    if (place.kind === 'file' && files > 0 && ffree < 10_000)
      return [warn('disk', `The disk of the spool has room for ${ffree} more files.`, todo)];
    return [ok('disk', `The disk of the spool has ${free} MiB left.`)];
  } catch {
    return [];
  }
}
