import { hasCode } from '../../core/errors/offline-im-error.ts';
import { type Call, numberOption, textOption } from '../command.ts';
import { type ExitCode, exitCodes, UsageError } from '../exit-codes.ts';
import { checkFilter, filterOf } from '../filter-options.ts';
import { courseOf } from '../terminal/course.ts';
import { withSpool } from '../with-spool.ts';

export function run(call: Call): Promise<ExitCode> {
  const { output } = call;
  const limit = numberOption(call, 'limit', 1, 1_000_000);
  const from = textOption(call, 'cursor');
  checkFilter(call);
  return withSpool(call, async (spool) => {
    const filter = filterOf(call, await spool.now());
    const { entries, cursor } = await spool.list({ ...filter, limit, cursor: from, ...courseOf(call) }).catch(asUsage);
    if (output.json) {
      output.document({ entries, more: cursor !== undefined, ...(cursor === undefined ? {} : { cursor }) });
      return exitCodes.ok;
    }
    output.table(
      ['ID', 'STATE', 'MAILBOX', 'TO', 'ACCEPTED', 'REASON'],
      entries.map(({ id, state, lane, to, acceptedAt, reason }) => [
        id,
        state,
        lane,
        to.map(({ address }) => address).join(' '),
        acceptedAt.toISOString(),
        reason?.code ?? '',
      ]),
    );
    if (cursor !== undefined) output.note(`There may be more: repeat with --cursor ${cursor}`);
    return exitCodes.ok;
  });
}

/** The other arguments were checked before, so the error is about the cursor. */
function asUsage(error: unknown): never {
  if (!hasCode(error, 'OPTION_INVALID')) throw error;
  throw new UsageError(
    '--cursor does not belong to this list; expected one printed by an earlier part of it, with the same --state, --mailbox, --recipient and --code.',
  );
}
