import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { programOf } from '../support/program.ts';
import type { Moment } from './kill-plan.ts';
import type { Ledger } from './ledger.ts';
import type { WorkerOptions } from './worker-options.ts';

const script = programOf(new URL('./worker.ts', import.meta.url));

/** ms. Longer than it takes to start on a busy machine, and to be refused by a storage that does not respond. */
const startsWithin = 600_000;

/** A worker in its own process, which ends with this one. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  readonly #moments = {
    opening: Promise.withResolvers<void>(),
    ready: Promise.withResolvers<void>(),
    sending: Promise.withResolvers<void>(),
  };
  #last: Moment = 'spawned';
  #said: string[] = [];
  #killed = false;

  constructor(options: WorkerOptions, ledger: Ledger) {
    const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#closed = once(child, 'close');
    const { opening, ready, sending } = this.#moments;
    ready.promise.catch(() => undefined);
    const timer = setTimeout(() => ready.reject(new Error(`A worker is not ready after ${startsWithin} ms`)), startsWithin);
    void this.#closed.then(() => {
      clearTimeout(timer);
      for (const moment of [opening, ready, sending]) moment.resolve();
    });
    child.stdin?.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const moment = ledger.read(line) ? 'sending' : line === 'opening' || line === 'ready' ? line : undefined;
      if (moment === 'ready') clearTimeout(timer);
      if (moment === 'ready' && options.numbers.length === 0) sending.resolve();
      if (moment === undefined) this.#said = [...this.#said.slice(-20), line];
      else {
        this.#last = moment;
        this.#moments[moment].resolve();
      }
    });
  }

  /** Resolves once it delivers, or has ended before. */
  get ready(): Promise<void> {
    return this.reached('ready');
  }

  /** Its progress. */
  get last(): Moment {
    return this.#last;
  }

  /** Resolves at that point, or if it has ended before; for a worker with nothing to send, `sending` means ready. */
  async reached(moment: Moment): Promise<void> {
    if (moment === 'spawned') return;
    if (moment === 'sending') await this.#moments.ready.promise;
    await this.#moments[moment].promise;
  }

  /** Kills it at any time; resolves with its last output if it had ended by itself. */
  async kill(): Promise<string | undefined> {
    const alive = this.#child.exitCode === null && this.#child.signalCode === null;
    if (alive) {
      this.#killed = true;
      this.#child.kill('SIGKILL');
    }
    await this.#closed;
    return this.#killed ? undefined : this.#ending();
  }

  /** Reports a moved mailbox to it. */
  moved(address: string): void {
    this.#child.stdin?.write(`${address}\n`);
  }

  /** Suspends it for that long, whatever it is doing. */
  async pause(ms: number): Promise<void> {
    this.#child.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#child.kill('SIGCONT');
  }

  /** Waits until it reports that nothing waits any more, and ends; resolves with its last output if it failed. */
  async done(within: number): Promise<string | undefined> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), within);
    await this.#closed;
    clearTimeout(timer);
    return this.#child.exitCode === 0 ? undefined : this.#ending();
  }

  #ending(): string {
    return `A worker ended with ${this.#child.exitCode ?? this.#child.signalCode}; it said last:\n${this.#said.join('\n')}`;
  }
}
