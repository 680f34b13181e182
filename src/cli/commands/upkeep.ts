import { resolve } from 'node:path';
import { backUpSpool, migrateSpool } from '../../admin/upkeep.ts';
import { hasCode } from '../../core/errors/offline-im-error.ts';
import { asError } from '../../core/errors/thrown.ts';
import type { Call } from '../command.ts';
import { configOf } from '../config/config.ts';
import { type ExitCode, exitCodes, UsageError } from '../exit-codes.ts';
import { courseOf } from '../terminal/course.ts';
import { schemaOf, spoolNamed, withSpool } from '../with-spool.ts';

/** check, migrate, backup: the spool as a thing of its own. */
export async function run(call: Call): Promise<ExitCode> {
  if (call.command === 'check') return check(call);
  return call.command === 'migrate' ? migrate(call) : backup(call);
}

/** Whether the spool opens, every entry is readable, and the counts are correct. */
async function check(call: Call): Promise<ExitCode> {
  const { output } = call;
  const findings = await findingsOf(call);
  if (output.json) output.document({ ok: findings.length === 0, findings });
  else if (findings.length === 0)
    output.line(`${output.style('green', 'ok')}\tevery entry is readable, and the counts are correct`);
  for (const finding of output.json ? [] : findings) output.line(`${output.style('red', 'fail')}\t${finding}`);
  return findings.length === 0 ? exitCodes.ok : exitCodes.found;
}

async function findingsOf(call: Call): Promise<readonly string[]> {
  const setAside: string[] = [];
  try {
    const wrong = await withSpool(
      call,
      (spool) => spool.check(courseOf(call)),
      ({ where }) => setAside.push(where),
    );
    return [...setAside.map((where) => `the entry ${where} was unreadable and was set aside`), ...wrong];
  } catch (error) {
    // So damaged that it does not even open: that is what was asked for.
    if (hasCode(error, 'SPOOL_CORRUPT')) return [asError(error).message];
    throw error;
  }
}

async function migrate(call: Call): Promise<ExitCode> {
  const { output } = call;
  const dryRun = call.values['dry-run'] === true;
  const config = await configOf(call);
  const { needed } = await migrateSpool(await spoolNamed(call, config), { schema: schemaOf(call, config), dryRun });
  const told = needed
    ? dryRun
      ? 'Some tables must be created or updated.'
      : 'The tables are now up to date.'
    : 'Nothing to do.';
  if (output.json) output.document({ needed, done: needed && !dryRun });
  else output.line(told);
  return exitCodes.ok;
}

async function backup(call: Call): Promise<ExitCode> {
  const { output, positionals, signal, cwd } = call;
  const [target] = positionals;
  if (target === undefined || positionals.length > 1) throw new UsageError('backup takes the path of a new file.');
  await backUpSpool(await spoolNamed(call), resolve(cwd, target), { signal, overwrite: call.values.overwrite === true });
  if (output.json) output.document({ backup: target });
  else output.line(`The spool was copied to ${target}. Messages waiting in the copy are held when it is opened.`);
  return exitCodes.ok;
}
