import { type Call, idsOf } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { withSpool } from '../with-spool.ts';

export function run(call: Call): Promise<ExitCode> {
  const { output } = call;
  const [id] = idsOf(call, 1);
  return withSpool(call, async (spool) => {
    const explanations = await spool.explain(id);
    if (output.json) output.document({ explanations });
    else {
      for (const { id: entry, state, sentence, advice } of explanations) {
        output.line(`${output.style('bold', entry)} ${state}: ${sentence}`);
        output.line(`To do: ${advice}`);
      }
    }
    return exitCodes.ok;
  });
}
