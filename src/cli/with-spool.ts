import { openSpool } from '../admin/open-spool.ts';
import type { SpoolHandle } from '../admin/spool-handle.ts';
import { type Call, textOption, UsageError } from './command.ts';

/** Where the spool is that a command speaks of. @throws {UsageError} where none is named */
export function spoolNamed(call: Call): string {
  const where = textOption(call, 'spool') ?? call.env.OFFLINE_IM_SPOOL;
  if (where !== undefined && where !== '') return where;
  throw new UsageError('Which spool? Name it with --spool PATH|URL, or in OFFLINE_IM_SPOOL.');
}

/** Opens that spool, and closes it afterwards. */
export async function withSpool<Result>(
  call: Call,
  use: (spool: SpoolHandle) => Promise<Result>,
  onCorrupt: (report: { readonly where: string; readonly error: Error }) => void = ({ where }) =>
    call.output.note(`warning: the entry ${where} can't be read and was set aside`),
): Promise<Result> {
  const spool = await openSpool(spoolNamed(call), {
    schema: textOption(call, 'schema'),
    onCorrupt,
    onWarning: (error) => call.output.note(`warning: ${error.message}`),
  });
  try {
    return await use(spool);
  } finally {
    await spool.close();
  }
}
