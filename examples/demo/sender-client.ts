/** The demo's side of the sending process: starts it, reads what it reports, kills it. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Assignment, Moved, SenderLine } from './protocol.ts';

/** How a run of the sending process ended. */
export type SenderEnd = { readonly how: 'finished' | 'killed' } | { readonly how: 'broken'; readonly why: string };

/** One run of the sending process. */
export class SenderRun {
  readonly ended: Promise<SenderEnd>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #killed = false;
  #finished = false;
  #failure = '';

  constructor(assignment: Assignment, onLine: (line: SenderLine) => void) {
    const file = (name: string): string => new URL(name, import.meta.url).href;
    const args = ['--import', file('../from-source.ts'), fileURLToPath(file('./sender-process.ts'))];
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#failure = (this.#failure + chunk.toString()).slice(-4_000);
    });
    createInterface({ input: this.#child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as SenderLine;
      if (line.kind === 'finished') this.#finished = true;
      if (line.kind === 'failed') this.#failure = line.error;
      onLine(line);
    });
    // A process that is gone says so by its exit.
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdin.write(`${JSON.stringify(assignment)}\n`);
    this.ended = this.#end();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  tell(moved: Moved): void {
    this.#child.stdin.write(`${JSON.stringify(moved)}\n`);
  }

  /** What no process can refuse or prepare for: `kill -9` with its own id. */
  kill(): void {
    this.#killed = this.#child.kill('SIGKILL');
  }

  async #end(): Promise<SenderEnd> {
    try {
      // Not 'exit': its last lines may still be on their way then.
      const [code, signal] = (await once(this.#child, 'close')) as [number | null, string | null];
      if (this.#killed && signal === 'SIGKILL') return { how: 'killed' };
      if (code === 0 && this.#finished) return { how: 'finished' };
      return { how: 'broken', why: `The sending process ended with ${code ?? signal}. ${this.#failure.trim()}` };
    } catch (error) {
      return { how: 'broken', why: `The sending process could not be started: ${String(error)}` };
    }
  }
}
