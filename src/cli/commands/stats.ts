import { spoolStates } from '../../spool/contract.ts';
import type { Call } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { withSpool } from '../with-spool.ts';

export function run(call: Call): Promise<ExitCode> {
  const { output } = call;
  return withSpool(call, async (spool) => {
    const { states } = await spool.stats();
    if (output.json) output.document({ states });
    else
      output.table(
        ['STATE', 'ENTRIES'],
        spoolStates.map((state) => [state, String(states[state])]),
      );
    return exitCodes.ok;
  });
}
