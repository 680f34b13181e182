import { migrateSpool } from '../../admin/migrate.ts';
import { type Call, textOption } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { spoolNamed } from '../with-spool.ts';

export async function run(call: Call): Promise<ExitCode> {
  const { output } = call;
  const dryRun = call.values['dry-run'] === true;
  const { needed } = await migrateSpool(await spoolNamed(call), { schema: textOption(call, 'schema'), dryRun });
  const told = needed
    ? dryRun
      ? 'There are tables to be made or updated.'
      : 'The tables are up to date now.'
    : 'There is nothing to do.';
  if (output.json) output.document({ needed, done: needed && !dryRun });
  else output.line(told);
  return exitCodes.ok;
}
