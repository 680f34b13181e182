import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findsPackage } from '../support/program.ts';

export const root = join(import.meta.dirname, '..', '..');

/** For programs on a machine that is busy with three suites. */
export const patient = { timeout: 300_000 };

/** An example run as a user would: in its own process. Killed when the test ends. */
export interface Program {
  /** Everything it has printed. */
  output(): string;
  /** Resolves with the first group of the match, once printed; rejects if it ends before. */
  printed(pattern: RegExp): Promise<string>;
  /** Writes a line to its stdin, as JSON. */
  tell(line: unknown): void;
  /** Sends the signal and resolves with the exit code, `null` if a signal ended it. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** @param script A path in the repository, then arguments. Workers that it forks find the package too. */
export function start(script: string, env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Program {
  const child = spawn(process.execPath, ['--import', findsPackage(), script, ...args], {
    cwd: root,
    env: { ...cleanEnvironment(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return program(child);
}

function program(child: ChildProcess): Program {
  let text = '';
  const looks = new Set<() => void>();
  const look = (): void => {
    for (const one of [...looks]) one();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      look();
    });
  }
  child.once('close', look);
  return {
    output: () => text,
    printed: (pattern) =>
      new Promise((resolve, reject) => {
        const one = (): void => {
          const found = pattern.exec(text);
          if (found === null && child.exitCode === null && child.signalCode === null) return;
          looks.delete(one);
          if (found === null) reject(new Error(`It ended (${child.exitCode ?? child.signalCode}) and had printed:\n${text}`));
          else resolve(found[1] ?? found[0]);
        };
        looks.add(one);
        one();
      }),
    tell: (line) => void child.stdin?.write(`${JSON.stringify(line)}\n`),
    async end(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) {
        const closed = once(child, 'close');
        child.kill(signal);
        await closed;
      }
      return child.exitCode;
    },
  };
}

/** Users do not have the settings of the test runner. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_ENV: _env, VITEST: _vitest, ...rest } = process.env;
  return { ...rest, NO_COLOR: '1' };
}
