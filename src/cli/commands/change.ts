import type { SpoolHandle } from '../../admin/spool-handle.ts';
import type { MessageEntry } from '../../sender/status.ts';
import { changesById } from '../../spool/admin/bulk.ts';
import { type BulkVerb, bulkVerbs } from '../../spool/admin/contract.ts';
import type { Change, SpoolState } from '../../spool/contract.ts';
import { type Call, numberOption } from '../command.ts';
import { type ExitCode, exitCodes, UsageError } from '../exit-codes.ts';
import { checkFilter, filterOf, isEmpty } from '../filter-options.ts';
import { courseOf } from '../terminal/course.ts';
import { withSpool } from '../with-spool.ts';

/** requeue, cancel, hold, release, purge: by ids, or by a filter. Bulk never forces. */
export function run(call: Call): Promise<ExitCode> {
  const verb = bulkVerbs.find((one) => one === call.command);
  if (verb === undefined) throw new UsageError(`Unknown verb ${call.command}.`);
  const filter = checkFilter(call);
  if (call.positionals.length > 0 && !isEmpty(filter)) throw new UsageError('Pass ids or a filter, not both.');
  if (call.positionals.length === 0 && isEmpty(filter)) {
    throw new UsageError(`${verb} takes ids, or a filter such as --state. Try: offline-im ${verb} --help`);
  }
  if (call.values.force === true && call.positionals.length !== 1) {
    throw new UsageError('--force takes the id of one message: messages that may have been sent are never resent in bulk.');
  }
  return withSpool(call, (spool) => (call.positionals.length > 0 ? byIds(call, spool, verb) : byFilter(call, spool, verb)));
}

async function byIds(call: Call, spool: SpoolHandle, verb: BulkVerb): Promise<ExitCode> {
  const { output, positionals } = call;
  const [first = ''] = positionals;
  const force = call.values.force === true;
  // Someone may get it twice: the user must confirm by typing the id.
  const dryRun = call.values['dry-run'] === true;
  if (
    force &&
    !dryRun &&
    (
      await call.ask('It may have been sent already, and the recipient may get it twice. To send it anyway, type its id: ')
    )?.trim() !== first
  ) {
    throw new UsageError('Nothing was done: the id was not typed at a terminal.');
  }
  // Reports a mistyped id before anything is done.
  for (const id of positionals) if ((await spool.get(id)).length === 0) await spool.explain(id);
  if (dryRun) return wouldBe(call, spool, verb, force);
  const changes: Change[] = [];
  for (const id of positionals) {
    const done = verb === 'requeue' ? await spool.requeueOne(id, { force }) : await spool.act(verb, id);
    changes.push(...done);
    if (output.json) continue;
    const changed = new Set(done.map(({ entryId }) => entryId));
    for (const entry of await spool.get(id)) if (!changed.has(entry.id)) output.note(leftAlone(entry));
  }
  if (output.json) output.document({ verb, dryRun: false, changes });
  else for (const { entryId, from, to } of changes) output.line(`${entryId}\t${from} → ${to}`);
  return exitCodes.ok;
}

/** Prints what a verb would change of the given ids. */
async function wouldBe({ output, positionals }: Call, spool: SpoolHandle, verb: BulkVerb, force: boolean): Promise<ExitCode> {
  const found = new Map<string, MessageEntry>();
  for (const id of positionals) for (const entry of await spool.get(id)) found.set(entry.id, entry);
  const refused: Partial<Record<SpoolState, number>> = {};
  let matched = 0;
  let lookedFor = 0;
  for (const entry of found.values()) {
    if (!changesById(verb, entry)) {
      refused[entry.state] = (refused[entry.state] ?? 0) + 1;
      if (!output.json) output.note(leftAlone(entry));
      continue;
    }
    matched += 1;
    if (!goesOn(verb) || entry.unknownAttempts.length === 0) continue;
    if (!force) lookedFor += 1;
    if (!output.json) output.note(mayBeSent(entry, force));
  }
  if (output.json) {
    const looked = lookedFor === 0 ? {} : { lookedFor };
    output.document({ verb, dryRun: true, matched, ...looked, refused, more: false, changes: [] });
  } else output.line(`${verb}: ${matched} would be changed`);
  return exitCodes.ok;
}

/** Whether changed entries are sent next, or probed if they may have been sent. */
function goesOn(verb: BulkVerb): boolean {
  return verb === 'requeue' || verb === 'release';
}

function mayBeSent({ id, state }: MessageEntry, force: boolean): string {
  return force
    ? `${id} may have been sent, and would be resent anyway: ${state} → spooled.`
    : `${id} may have been sent, and would be probed first: ${state} → unconfirmed.`;
}

function leftAlone({ id, state, reason }: MessageEntry): string {
  return `${id} is left unchanged: it is ${state}${reason === undefined ? '' : ` (${reason.code})`}.`;
}

async function byFilter(call: Call, spool: SpoolHandle, verb: BulkVerb): Promise<ExitCode> {
  const { output } = call;
  const limit = numberOption(call, 'limit', 1, 1_000_000);
  const change = { ...filterOf(call, await spool.now()), limit, ...courseOf(call) };
  const dry = await spool[verb]({ ...change, dryRun: true });
  const dryRun = call.values['dry-run'] === true;
  if (!dryRun && dry.matched > 0 && call.values.yes !== true) {
    const entries = dry.matched === 1 ? '1 entry' : `${dry.matched} entries`;
    const answer = await call.ask(`${verb} ${entries}${dry.more ? ' (more match: --limit N)' : ''}? [y/N] `);
    if (!/^\s*y(es)?\s*$/i.test(answer ?? ''))
      throw new UsageError(`Nothing was done. Confirm at a terminal, or pass --yes: ${entries}.`);
  }
  const done = dryRun ? dry : await spool[verb](change);
  const { matched, refused, more, changes } = done;
  if (output.json) output.document({ verb, dryRun, matched, refused, more, changes });
  else {
    output.line(
      `${verb}: ${dryRun ? `${matched} would be changed` : `${changes.length} changed`}${more ? `. More match, and ${dryRun ? 'would be' : 'were'} left unchanged: ${dryRun ? '' : 'repeat, or '}use --limit N` : ''}`,
    );
    for (const [state, count] of Object.entries(refused)) output.line(`left unchanged, because ${state}: ${count}`);
  }
  return exitCodes.ok;
}
