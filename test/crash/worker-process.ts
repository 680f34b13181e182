import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { WorkerOptions } from './worker-options.ts';

const script = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** ms. More than it takes to start, and to be refused a storage that does not answer. */
const startsWithin = 120_000;

/** A worker in a process of its own; it ends with this one. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  /** Resolves once it delivers, or has ended before it could. */
  readonly ready: Promise<void>;
  #said: string[] = [];

  /** @param accepted Gets the number of every message that `send()` resolved for, and when that was first heard. */
  constructor(options: WorkerOptions, accepted: Map<number, number>) {
    const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#closed = once(child, 'close');
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.ready.catch(() => undefined);
    const timer = setTimeout(() => ready.reject(new Error(`A worker is not ready after ${startsWithin} ms`)), startsWithin);
    void this.#closed.then(() => {
      clearTimeout(timer);
      ready.resolve();
    });
    child.stdin?.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') {
        clearTimeout(timer);
        ready.resolve();
      } else if (line.startsWith('accepted ')) {
        const number = Number(line.slice(9));
        accepted.set(number, accepted.get(number) ?? Date.now());
      } else this.#said = [...this.#said.slice(-20), line];
    });
  }

  /** Kills it, wherever it is. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  /** Stops it in the middle of whatever it does, for so long. */
  async pause(ms: number): Promise<void> {
    this.#child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#child.kill('SIGCONT');
  }

  /** Waits until it says that nothing waits any more, and has ended. */
  async done(within: number): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), within);
    await this.#closed;
    clearTimeout(timer);
    if (this.#child.exitCode === 0) return;
    throw new Error(
      `A worker ended with ${this.#child.exitCode ?? this.#child.signalCode}; it said last:\n${this.#said.join('\n')}`,
    );
  }
}
