import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programOf } from '../support/program.ts';

/** The path of the command line, for tests that start it themselves. */
export const program = programOf(new URL('../../src/cli/main.ts', import.meta.url));

/** Types are stripped once, not in each of some hundred processes. */
export const cache = join(tmpdir(), `offline-im-compiled-${process.getuid?.() ?? 0}`);

/** Output and exit code of a command. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in its own process, without a terminal. */
export function offlineIm(
  args: readonly string[],
  { env = {}, input = '', cwd }: { env?: NodeJS.ProcessEnv; input?: string; cwd?: string } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: cache, ...env },
      cwd,
    });
    const texts = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text));
    child.on('error', reject).on('close', (code) => resolve({ code, ...texts }));
    // A process that has ended reads nothing more.
    child.stdin.on('error', () => undefined).end(input);
  });
}
