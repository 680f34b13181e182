/** Runs the demo as a user does, in its own process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const project = join(import.meta.dirname, '../..');

export interface DemoRun {
  readonly code: number | null;
  readonly output: string;
  readonly complaints: string;
  /** Files left behind in the temporary folder. */
  readonly leftovers: readonly string[];
  /** Ids of the sending processes that it reported. */
  readonly senders: readonly number[];
}

export interface DemoRunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Sends the demo that signal as soon as its output matches. */
  readonly signalAt?: { readonly output: RegExp; readonly signal: NodeJS.Signals };
}

export async function runDemo(args: readonly string[], { env = {}, signalAt }: DemoRunOptions = {}): Promise<DemoRun> {
  const temporary = await mkdtemp(join(tmpdir(), 'offline-im-test-'));
  const child = spawn(process.execPath, ['--import', './examples/from-source.ts', 'examples/demo/main.ts', ...args], {
    cwd: project,
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    let output = '';
    let complaints = '';
    let signalled = false;
    child.stderr.on('data', (chunk: Buffer) => {
      complaints += chunk.toString();
    });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (signalAt === undefined || signalled || !signalAt.output.test(output)) return;
      signalled = true;
      child.kill(signalAt.signal);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    const senders = [...output.matchAll(/(?:re)?started\s+the sending process, (\d+)/g)].map((match) => Number(match[1]));
    // The socket folder for operators: all processes of a user share it, and it stays.
    const shared = `offline-im-${process.getuid?.()}`;
    const leftovers = (await readdir(temporary)).filter((name) => name !== shared);
    return { code, output, complaints, leftovers, senders };
  } finally {
    child.kill('SIGKILL');
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The figures of the table: name to expected, found and verdict. */
export function figuresIn(output: string): ReadonlyMap<string, readonly [expected: number, found: number, verdict: string]> {
  const rows = [...output.matchAll(/^ {2,}(\S.*?) +(\d+) +(\d+) {2}(ok|WRONG)$/gm)];
  return new Map(rows.map(([, name = '', expected, found, verdict = '']) => [name, [Number(expected), Number(found), verdict]]));
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
