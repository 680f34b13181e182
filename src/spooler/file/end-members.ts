import type { Reason } from '../../spool/contract.ts';
import type { Parts } from '../../spool/file/parts.ts';
import { readHomes } from '../../spool/file/read-files.ts';
import type { EntryRecord, EntryStatus } from '../../spool/state/records.ts';
import { EntryPlanner } from './plan-entries.ts';
import { removeFiles } from './remove-files.ts';

const reason: Reason = {
  code: 'OUTCOME_UNKNOWN',
  text: 'The file of the note that it belonged to cannot be read; it may have been sent.',
};

/**
 * Without its manifest, a member of a note looks as if it had never been claimed, and would be sent without being looked
 * for. Members that can still be recognised in what is left of a manifest therefore die, before that is set aside.
 */
export async function endMembers(
  parts: Parts,
  contents: readonly string[],
  entries: ReadonlyMap<string, EntryRecord>,
  rev: number,
): Promise<EntryRecord[]> {
  const ids = new Set(contents.flatMap(strings).filter((id) => entries.get(id)?.status.state === 'spooled'));
  if (ids.size === 0) return [];
  const planner = new EntryPlanner(parts.entryFiles);
  const planned = [...(await readHomes(parts, ids)).values()].map((entry) => {
    // Accepted long enough ago to have been claimed: the time it was accepted will do for its end.
    const status: EntryStatus = { ...entry.status, state: 'dead', rev, reason, endedAt: entry.fixed.acceptedAt };
    return planner.single({ ...entry, status }, 'dead');
  });
  await parts.staging.stage(planned);
  await parts.staging.publish(planned, true);
  const left = planned.flatMap(({ stored, entries: [entry] }) =>
    entry === undefined ? [] : parts.entryFiles.put(stored, [[entry.fixed.id, rev]]),
  );
  await removeFiles(
    parts,
    left.map(({ path }) => path),
  );
  return planned.flatMap((one) => one.entries.map(({ fixed, status }) => ({ fixed, status })));
}

/** Every string in what may once have been JSON. */
function strings(content: string): string[] {
  return [...content.matchAll(/"(?:[^"\\\n]|\\.)*"/g)].flatMap(([quoted]) => {
    try {
      const value: unknown = JSON.parse(quoted);
      return typeof value === 'string' ? [value] : [];
    } catch {
      return [];
    }
  });
}
