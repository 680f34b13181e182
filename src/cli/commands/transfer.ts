import { resolve } from 'node:path';
import { exportSpool } from '../../admin/export.ts';
import { importSpool } from '../../admin/import.ts';
import { openStorage } from '../../admin/storage.ts';
import { systemClock } from '../../core/clock.ts';
import type { Call } from '../command.ts';
import { configOf } from '../config/config.ts';
import { type ExitCode, exitCodes, UsageError } from '../exit-codes.ts';
import { checkReadable } from '../readable-file.ts';
import { schemaOf, spoolNamed } from '../with-spool.ts';

/** export, import: between any two spools. Sealed entries stay sealed: both spools need the same keys. */
export async function run(call: Call): Promise<ExitCode> {
  const { command, output, positionals, signal, cwd, values } = call;
  const [file] = positionals;
  if (file === undefined || positionals.length > 1)
    throw new UsageError(`${command} takes one file. Try: offline-im ${command} --help`);
  const path = resolve(cwd, file);
  if (command === 'import') await checkReadable(path);
  const config = await configOf(call);
  const where = await spoolNamed(call, config);
  const schema = schemaOf(call, config);
  const storage = await openStorage(where, { schema, alone: true }, { clock: systemClock, tombstones: 86_400_000 });
  const onProgress = (messages: number): void => {
    if (!output.json) output.note(`${messages} messages …`);
  };
  try {
    if (command === 'export') {
      const copy = values.copy === true;
      const { messages } = await exportSpool(storage, path, { copy, overwrite: values.overwrite === true, signal, onProgress });
      if (output.json) output.document({ exported: path, messages, copy });
      else
        output.line(
          `${messages} messages were written to ${path}. ${copy ? 'This spool keeps delivering; waiting messages are imported as held.' : 'Waiting messages are held here for good: import them elsewhere with offline-im import.'}`,
        );
      return exitCodes.ok;
    }
    const imported = await importSpool(storage, path, { signal, onProgress });
    if (output.json) output.document(imported);
    else {
      output.line(`${imported.added} messages were added, ${imported.known} were already there.`);
      for (const id of imported.conflicts) output.line(`skipped, because its id belongs to another message here: ${id}`);
      if (imported.exported.length > 0)
        output.line(
          `${imported.exported.length} of them are held here for good and will not be sent from here, because this spool exported them itself. If no other spool has them, import the file into an empty one.`,
        );
    }
    return imported.conflicts.length + imported.exported.length === 0 ? exitCodes.ok : exitCodes.failed;
  } finally {
    await storage.close();
  }
}
