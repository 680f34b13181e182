import type { Call } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { withSpool } from '../with-spool.ts';

/** Whether the spool opens, every entry can be read, and the counts are right. */
export function run(call: Call): Promise<ExitCode> {
  const { output } = call;
  const setAside: string[] = [];
  return withSpool(
    call,
    async (spool) => {
      const wrong = await spool.check();
      const findings = [...setAside.map((where) => `the entry ${where} could not be read and was set aside`), ...wrong];
      if (output.json) output.document({ ok: findings.length === 0, findings });
      else if (findings.length === 0)
        output.line(`${output.style('green', 'ok')}\tevery entry can be read, and the counts are right`);
      for (const finding of output.json ? [] : findings) output.line(`${output.style('red', 'fail')}\t${finding}`);
      return findings.length === 0 ? exitCodes.ok : exitCodes.found;
    },
    ({ where }) => setAside.push(where),
  );
}
