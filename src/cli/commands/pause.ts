import { type Call, checkedAddress, textOption } from '../command.ts';
import { type ExitCode, exitCodes, UsageError } from '../exit-codes.ts';
import { withSpool } from '../with-spool.ts';

/** pause, resume, retry-now: of a mailbox, or of all. */
export function run(call: Call): Promise<ExitCode> {
  const { command, output, positionals } = call;
  const [mailbox] = positionals;
  if (positionals.length > 1) throw new UsageError(`${command} takes one mailbox, or none for all.`);
  if (mailbox !== undefined) checkedAddress(mailbox, command);
  const whose = mailbox ?? 'every mailbox';
  return withSpool(call, async (spool) => {
    let told: string;
    if (command === 'pause') {
      await spool.pause(mailbox, { why: textOption(call, 'why') });
      told = `${whose} is paused: each sender on this spool delivers nothing of it from its next poll on, at the latest.`;
    } else if (command === 'resume') {
      const was = await spool.resume(mailbox);
      told = was ? `${whose} goes on.` : `There was no pause of ${whose}.`;
    } else {
      await spool.retryNow(mailbox);
      told = `Each sender on this spool tries ${whose} at its next poll, at the latest.`;
    }
    const { paused } = await spool.stats();
    if (output.json) output.document({ command, mailbox: mailbox ?? null, paused });
    else output.line(told);
    return exitCodes.ok;
  });
}
