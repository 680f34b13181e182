import { type OpenSpool, openSpool } from '../admin/open-spool.ts';
import { type Call, textOption, UsageError } from './command.ts';

/** Opens the spool that a command speaks of, and closes it afterwards. @throws {UsageError} where none is named */
export async function withSpool<Result>(call: Call, use: (spool: OpenSpool) => Promise<Result>): Promise<Result> {
  const where = textOption(call, 'spool') ?? call.env.OFFLINE_IM_SPOOL;
  if (where === undefined || where === '') {
    throw new UsageError('Which spool? Name it with --spool PATH|URL, or in OFFLINE_IM_SPOOL.');
  }
  const spool = await openSpool(where, { onWarning: (error) => call.output.note(`warning: ${error.message}`) });
  try {
    return await use(spool);
  } finally {
    await spool.close();
  }
}
