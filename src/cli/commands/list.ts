import { spoolStates } from '../../spool/contract.ts';
import { type Call, choiceOption, numberOption, textOption } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { withSpool } from '../with-spool.ts';

export function run(call: Call): Promise<ExitCode> {
  const { output } = call;
  const filter = {
    state: choiceOption(call, 'state', spoolStates),
    mailbox: textOption(call, 'mailbox'),
    limit: numberOption(call, 'limit', 1, 1_000_000),
  };
  return withSpool(call, async (spool) => {
    const page = await spool.list(filter);
    // The text of a message is nobody's business who only looks for it.
    const entries = page.entries.map(({ message: _message, ...entry }) => entry);
    if (output.json) output.document({ entries });
    else
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
    return exitCodes.ok;
  });
}
