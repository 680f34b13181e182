import { resolve } from 'node:path';
import { isDate } from '../../core/errors/thrown.ts';
import { type Call, idsOf, textOption } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { checkReadable } from '../readable-file.ts';
import { recordsOf, storyLine, type TraceRecord } from '../trace-story.ts';
import { withSpool } from '../with-spool.ts';

/** Shows the state of a message and its history from a trace file; its text only on request, which is audited. */
export function run(call: Call): Promise<ExitCode> {
  const { output } = call;
  const [id] = idsOf(call, 1);
  const named = textOption(call, 'trace');
  const trace = named === undefined ? undefined : resolve(call.cwd, named);
  return withSpool(call, async (spool) => {
    if (trace !== undefined) await checkReadable(trace);
    const entries = await spool.get(id);
    // Throws the error for an unknown id.
    if (entries.length === 0) await spool.explain(id);
    const withText = call.values.text === true;
    if (withText) await spool.noteReading();
    const shown = withText ? entries : entries.map(({ message: _message, ...entry }) => entry);
    const ids = new Set(entries.flatMap((one) => [one.id, one.messageId, one.noteId ?? one.id]));
    const history: TraceRecord[] = [];
    if (trace !== undefined)
      for await (const record of recordsOf(trace, call.signal, (one) => one.concerns(ids))) history.push(record);
    if (output.json) {
      output.document({ entries: shown, history: history.map(({ fields }) => fields) });
      return exitCodes.ok;
    }
    for (const entry of shown) {
      for (const [name, value] of Object.entries(entry)) output.line(`${name}\t${plain(value)}`);
      output.line();
    }
    for (const record of history) output.line(storyLine(record));
    return exitCodes.ok;
  });
}

function plain(value: unknown): string {
  if (isDate(value)) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
