import { setTimeout as wait } from 'node:timers/promises';
import type { HandleLanes, HandleStats } from '../../admin/reports.ts';
import { quoted } from '../../core/errors/quote.ts';
import { spoolStates } from '../../spool/contract.ts';
import { type Call, textOption } from '../command.ts';
import { type ExitCode, exitCodes, UsageError, untilStopped } from '../exit-codes.ts';
import { withSpool } from '../with-spool.ts';

/** ms between two outputs of `--watch`. */
const interval = 2_000;

export function run(call: Call): Promise<ExitCode> {
  const condition = conditionOf(textOption(call, 'fail-if'));
  return withSpool(call, async (spool) => {
    for (;;) {
      const stats = await spool.stats();
      // Text output has no sums by mailbox, which take seconds with a million entries.
      show(call, stats, call.output.json ? await spool.lanes() : { lanes: [], reports: await spool.reports() });
      if (condition(stats)) return exitCodes.found;
      if (call.values.watch !== true) return exitCodes.ok;
      await wait(interval, undefined, { signal: call.signal }).catch(() => undefined);
      if (call.signal.aborted) return untilStopped(call.signal);
    }
  });
}

/** `dead>0`, `spooled>=1000`. @throws {UsageError} */
function conditionOf(text: string | undefined): (stats: HandleStats) => boolean {
  if (text === undefined) return () => false;
  const [, name, comparison, number] = /^\s*(\w+)\s*(>=|>|<=|<|==?|!=)\s*(\d+)\s*$/.exec(text) ?? [];
  const state = spoolStates.find((one) => one === name);
  if (state === undefined) throw new UsageError(`--fail-if is ${quoted(text)}; expected a state and a number: 'dead>0'.`);
  const limit = Number(number);
  return ({ states }) => {
    const count = states[state];
    if (comparison === '>') return count > limit;
    if (comparison === '>=') return count >= limit;
    if (comparison === '<') return count < limit;
    if (comparison === '<=') return count <= limit;
    return comparison === '!=' ? count !== limit : count === limit;
  };
}

function show({ output }: Call, { states, paused }: HandleStats, { lanes, reports }: HandleLanes): void {
  const obstacles = reports.flatMap((report) => report.obstacles.map((one) => ({ ...one, owner: report.owner })));
  if (output.json) {
    output.document({ states, paused, lanes, obstacles });
    return;
  }
  output.table(
    ['STATE', 'ENTRIES'],
    spoolStates.map((state) => [state, String(states[state])]),
  );
  for (const { lane, by, why, since } of paused) {
    const told = `${lane ?? 'every mailbox'} by ${by} since ${since.toISOString()}${why === undefined ? '' : `: ${why}`}`;
    output.line(`${output.style('yellow', 'paused')}\t${told}`);
  }
  for (const { kind, name, reason, nextTrialAt } of obstacles) {
    const told = `${name}: ${reason.code}: ${reason.text} Next attempt at ${nextTrialAt.toISOString()}`;
    output.line(`${output.style('red', kind)}\t${told}`);
  }
}
