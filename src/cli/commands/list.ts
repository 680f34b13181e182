import { type Call, numberOption } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { checkFilter, filterOf } from '../filter-options.ts';
import { courseOf } from '../terminal/course.ts';
import { withSpool } from '../with-spool.ts';

export function run(call: Call): Promise<ExitCode> {
  const { output } = call;
  const limit = numberOption(call, 'limit', 1, 1_000_000);
  checkFilter(call);
  return withSpool(call, async (spool) => {
    const { entries, cursor } = await spool.list({ ...filterOf(call, await spool.now()), limit, ...courseOf(call) });
    if (output.json) {
      output.document({ entries, more: cursor !== undefined });
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
    if (cursor !== undefined) output.note('There may be more: --limit N, or a filter.');
    return exitCodes.ok;
  });
}
