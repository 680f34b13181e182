#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { text } from 'node:stream/consumers';
import { styleText } from 'node:util';
import manifest from '../../package.json' with { type: 'json' };
import { exitCodes } from './exit-codes.ts';
import { run } from './run.ts';

// Node 22 warns of node:sqlite at each start, which a person at a terminal can't change.
const { emitWarning } = process;
process.emitWarning = ((warning: string | Error, ...rest: [never]) => {
  if (!String(warning).includes('SQLite')) emitWarning.call(process, warning, ...rest);
}) as typeof process.emitWarning;

// Older ones lack node:sqlite and more, and would fail with unhelpful errors.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const [, leastMajor = 0, leastMinor = 0] = (/(\d+)\.(\d+)/.exec(manifest.engines.node) ?? []).map(Number);
if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
  process.stderr.write(
    `offline-im: This program needs Node ${leastMajor}.${leastMinor} or newer; this is Node ${process.versions.node} (${process.execPath}).\n`,
  );
  process.exit(exitCodes.failed);
}

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // A second signal ends the process at once, by default.
  process.once(signal, () => stopping.abort(signal));
}
// `offline-im list | head`: the reader has enough, and a running command, such as drain, ends in order. A full disk is a failure.
let isLost = false;
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE' && !isLost) {
    isLost = true;
    process.exitCode = exitCodes.failed;
    process.stderr.write(`offline-im: The output could not be written (${code}).\n`);
  }
  stopping.abort('unread');
});
process.stderr.on('error', () => undefined);

const terminal = process.stdout.isTTY === true;
const code = await run(process.argv.slice(2), {
  streams: {
    out: process.stdout,
    err: process.stderr,
    terminal,
    // Respects NO_COLOR, FORCE_COLOR and whether it is a terminal.
    colours: styleText('red', 'x', { stream: process.stdout }) !== 'x',
    errColours: styleText('red', 'x', { stream: process.stderr }) !== 'x',
    columns: terminal ? process.stdout.columns : undefined,
  },
  version: manifest.version,
  env: process.env,
  cwd: process.cwd(),
  signal: stopping.signal,
  input: () => text(process.stdin),
  async ask(question) {
    if (process.stdin.isTTY !== true) return undefined;
    const dialog = createInterface({ input: process.stdin, output: process.stderr });
    // While it waits for a line, Ctrl-C is an ordinary key to the terminal, not a signal.
    dialog.once('SIGINT', () => stopping.abort('SIGINT'));
    // Ctrl-D, or a closed terminal, is no answer.
    const ended = new Promise<string>((resolve) => dialog.once('close', () => resolve('')));
    try {
      return await Promise.race([dialog.question(question, { signal: stopping.signal }), ended]);
    } catch (error) {
      if (stopping.signal.aborted) throw error;
      process.stderr.write('\n');
      return '';
    } finally {
      dialog.close();
    }
  },
});
if (isLost) process.exitCode = exitCodes.failed;
else process.exitCode = stopping.signal.reason === 'unread' && code === exitCodes.interrupted ? exitCodes.ok : code;
// Something that it waits for may never answer, and would keep the process alive.
if (stopping.signal.aborted && stopping.signal.reason !== 'unread') process.exit();
