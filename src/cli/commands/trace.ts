import { resolve } from 'node:path';
import { quoted } from '../../core/errors/quote.ts';
import { type Call, textOption } from '../command.ts';
import { type ExitCode, exitCodes, UsageError, untilStopped } from '../exit-codes.ts';
import { checkReadable } from '../readable-file.ts';
import { followed, recordsOf, storyLine, type TraceRecord } from '../trace-story.ts';

/** Prints a trace file in readable form: all of it, or one message with its entries and notes. */
export async function run(call: Call): Promise<ExitCode> {
  const { output, positionals, cwd } = call;
  const [file] = positionals;
  if (file === undefined || positionals.length > 1)
    throw new UsageError('trace takes one trace file. Try: offline-im trace --help');
  const path = resolve(cwd, file);
  await checkReadable(path);
  const message = textOption(call, 'message');
  const ids = message === undefined ? undefined : await idsAbout(path, message, call.signal);
  const tell = (record: TraceRecord): void => {
    if (ids !== undefined && !record.concerns(ids)) return;
    if (output.json) output.document(record.fields);
    else output.line(storyLine(record));
  };
  const follow = call.values.follow === true;
  let others = 0;
  let records = 0;
  for await (const record of recordsOf(path, call.signal, undefined, () => (others += 1))) {
    records += 1;
    // Will be read again from its beginning, so that no record added meanwhile is missed.
    if (follow) break;
    tell(record);
  }
  if (records === 0 && others > 0) throw new UsageError(`${quoted(file)} is not a trace file: none of its lines is a record.`);
  if (!follow) return exitCodes.ok;
  for await (const record of followed(path, call.signal)) {
    if (ids !== undefined && record.concerns(ids)) for (const id of idsIn(record)) ids.add(id);
    tell(record);
  }
  return untilStopped(call.signal);
}

/** The ids of a message, its entries and their notes, as the file relates them. */
async function idsAbout(path: string, message: string, signal: AbortSignal): Promise<Set<string>> {
  const ids = new Set([message]);
  for await (const record of recordsOf(path, signal, (one) => one.concerns(ids))) for (const id of idsIn(record)) ids.add(id);
  return ids;
}

function idsIn({ fields }: TraceRecord): readonly string[] {
  return ['messageId', 'entryId', 'noteId', 'note'].flatMap((name) => {
    const value = fields[name];
    return typeof value === 'string' ? [value] : [];
  });
}
