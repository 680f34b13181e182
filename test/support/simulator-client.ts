/** Starts a simulator in its own process and communicates with it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type {
  FaultData,
  ItemSnapshot,
  JournalLine,
  SimulatorCommand,
  SimulatorProcessOptions,
  SimulatorSnapshot,
} from './simulator-protocol.ts';

export type { FaultData, ItemSnapshot, JournalLine, SimulatorProcessOptions, SimulatorSnapshot } from './simulator-protocol.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** A simulator in another process. */
export class SimulatorClient {
  readonly url: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: Map<number, Waiting>;
  /** Rejects if the process ends unexpectedly, with its last output. */
  readonly died: Promise<never>;
  #last = 0;
  #closing = false;

  constructor(child: ChildProcessWithoutNullStreams, url: string, waiting: Map<number, Waiting>, complaints: () => string) {
    this.#child = child;
    this.url = url;
    this.#waiting = waiting;
    this.died = new Promise((_, reject) => {
      child.once('exit', (code, signal) => {
        if (!this.#closing) reject(new Error(`the simulator's process ended (${code ?? signal}): ${complaints()}`));
      });
    });
    this.died.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** The content of all mailboxes. */
  async snapshot(): Promise<SimulatorSnapshot> {
    return (await this.#ask({ command: 'snapshot' })) as SimulatorSnapshot;
  }

  /** Items of one folder; `inbox`, `conversationhistory`, `drafts`, … */
  async items(mailbox: string, folder: string): Promise<readonly ItemSnapshot[]> {
    return (await this.snapshot()).mailboxes[mailbox.toLowerCase()]?.[folder] ?? [];
  }

  async addFault(selector: FaultData['selector'], fault: FaultData['fault']): Promise<void> {
    await this.#ask({ command: 'addFault', selector, fault });
  }

  /** Loses the response to each sending request with that probability, after it was processed. */
  async loseResponses(probability: number, seed = 1): Promise<void> {
    for (const operation of ['CreateItem', 'sendMail']) {
      await this.addFault({ operation, probability, seed }, { kind: 'lostResponse', after: 0 });
    }
  }

  /**
   * What Graph does now and then: responds with 504 to requests it accepted, keeps items in Drafts for a while, stores copies
   * late, holds them in the Outbox, is busy; and refuses or loses some probes.
   */
  async troubleGraph(seed = 1): Promise<void> {
    const strikes = (every: number) => ({ operation: 'sendMail', every, seed });
    const gateway = { kind: 'graphError', code: 'UnknownError', status: 504, message: '', headers: {}, processed: true } as const;
    await this.addFault(strikes(7), gateway);
    await this.addFault(strikes(11), { kind: 'staysInDrafts', delay: 250, submitted: true });
    await this.addFault(strikes(13), { kind: 'lateCopy', delay: 250, items: 'all' });
    await this.addFault(strikes(17), { kind: 'heldInOutbox', delay: 250, items: 'all' });
    const busy = {
      kind: 'graphError',
      code: 'serviceNotAvailable',
      status: 503,
      message: '',
      headers: {},
      processed: false,
    } as const;
    await this.addFault(strikes(19), busy);
    for (const [index, operation] of ['listMessages', 'getMessage', 'moveMessage'].entries()) {
      const sometimes = { operation, probability: 0.08, seed: seed + index };
      await this.addFault(sometimes, busy);
      await this.addFault({ ...sometimes, seed: seed + index + 10 }, { kind: 'lostResponse', after: 0 });
    }
  }

  /** Moves a mailbox with its items. */
  async moveMailbox(address: string, location: 'exchange-online' | 'on-premises'): Promise<void> {
    await this.#ask({ command: 'moveMailbox', address, location });
  }

  async clearFaults(): Promise<void> {
    await this.#ask({ command: 'clearFaults' });
  }

  async journal(): Promise<readonly JournalLine[]> {
    return (await this.#ask({ command: 'journal' })) as readonly JournalLine[];
  }

  /** Errors in the bodies of both sides; only with `checked`. */
  async schemaErrors(): Promise<{ readonly bodies: number; readonly errors: readonly string[] }> {
    return (await this.#ask({ command: 'schemaErrors' })) as { readonly bodies: number; readonly errors: readonly string[] };
  }

  async reset(): Promise<void> {
    await this.#ask({ command: 'reset' });
  }

  /** Ends the process. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#closing = true;
    const exited = once(this.#child, 'exit');
    this.#child.stdin.end();
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #ask(command: SimulatorCommand): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        reject(new Error("the simulator's process has ended"));
        return;
      }
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ ...command, id })}\n`);
    });
  }
}

/** Spawns `simulator-process.ts`; resolves once it is listening. */
export async function spawnSimulator(options: SimulatorProcessOptions): Promise<SimulatorClient> {
  const script = fileURLToPath(new URL('./simulator-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const waiting = new Map<number, Waiting>();
  const url = await new Promise<string>((resolve, reject) => {
    let started = false;
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const error = new Error(`the simulator's process ended (${code ?? signal}): ${complaints}`);
      reject(error);
      for (const { reject: refuse } of waiting.values()) refuse(error);
      waiting.clear();
    });
    child.stdin.on('error', () => {}); // a dead process is reported by its exit
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!started) {
        started = true;
        resolve(line);
        return;
      }
      const reply = JSON.parse(line) as Reply;
      const waiter = waiting.get(reply.id);
      waiting.delete(reply.id);
      if (reply.error === undefined) waiter?.resolve(reply.result);
      else waiter?.reject(new Error(reply.error));
    });
  });
  return new SimulatorClient(child, url, waiting, () => complaints);
}
