#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { styleText } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };
import { run } from './run.ts';

// Node 22 warns of node:sqlite at each start; a person at a terminal can do nothing about it.
const { emitWarning } = process;
process.emitWarning = ((warning: string | Error, ...rest: [never]) => {
  if (!String(warning).includes('SQLite')) emitWarning.call(process, warning, ...rest);
}) as typeof process.emitWarning;

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The second one ends it at once, as it would have without us.
  process.once(signal, () => stopping.abort(signal));
}
// `offline-im list | head`: whoever read has had enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const terminal = process.stdout.isTTY === true;
process.exitCode = await run(process.argv.slice(2), {
  streams: {
    out: process.stdout,
    err: process.stderr,
    terminal,
    // Minds NO_COLOR, FORCE_COLOR and whether it is a terminal.
    colours: styleText('red', 'x', { stream: process.stdout }) !== 'x',
  },
  version: manifest.version,
  env: process.env,
  cwd: process.cwd(),
  signal: stopping.signal,
  input: () => text(process.stdin),
  async ask(question) {
    if (process.stdin.isTTY !== true) return undefined;
    const dialog = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await dialog.question(question, { signal: stopping.signal });
    } finally {
      dialog.close();
    }
  },
});
