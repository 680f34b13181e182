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
      told = `${whose} is paused: every sender on this spool stops delivering it by its next poll.`;
    } else if (command === 'resume') {
      const was = await spool.resume(mailbox);
      told = was ? `${whose} is resumed.` : `${whose} was not paused.`;
    } else {
      await spool.retryNow(mailbox);
      told = `Every sender on this spool retries ${whose} by its next poll.`;
    }
    const { paused } = await spool.stats();
    if (output.json) output.document({ command, mailbox: mailbox ?? null, paused });
    else output.line(told);
    return exitCodes.ok;
  });
}
