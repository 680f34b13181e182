import { backUpSpool } from '../../admin/backup.ts';
import type { Call } from '../command.ts';
import { type ExitCode, exitCodes, UsageError } from '../exit-codes.ts';
import { spoolNamed } from '../with-spool.ts';

export async function run(call: Call): Promise<ExitCode> {
  const { output, positionals, signal } = call;
  const [target] = positionals;
  if (target === undefined || positionals.length > 1) throw new UsageError('backup takes the path of a new file.');
  await backUpSpool(await spoolNamed(call), target, { signal, overwrite: call.values.overwrite === true });
  if (output.json) output.document({ backup: target });
  else output.line(`The spool was copied to ${target}. What waits in the copy is held when it is opened.`);
  return exitCodes.ok;
}
