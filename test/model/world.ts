import type { Clock } from '../../src/core/clock.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import type { OutgoingMessage } from '../../src/message/message.ts';
import type { EventName } from '../../src/observability/events.ts';
import type { OfflineImSenderOptions } from '../../src/sender/options.ts';
import type { Disk } from './disk.ts';
import type { StorageWorld } from './faulty-storage.ts';
import type { HookAnswer } from './hooks.ts';
import { secretMarker, streamOf, textMarker } from './messages.ts';
import { Process } from './process.ts';
import type { Server } from './server.ts';
import { TableWatcher, type Watched } from './table-watcher.ts';
import { checkWrite } from './write-rules.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;

/** Shorter than the defaults if longer values would only make a run longer. */
const modelOptions = {
  probe: { giveUpAfter: hour },
  expiry: 4 * hour,
  idRetention: 24 * hour,
  notesPerClaim: 3,
} as const satisfies Partial<OfflineImSenderOptions>;

/** Consecutive starts that may fail: more than there are concurrent storage faults. */
const mostFailures = 200;

/** A message as the host remembers it. */
export interface Remembered {
  outgoing: OutgoingMessage & { readonly messageId: string };
  /** `unknown`: the process died during it, or the storage could not tell. */
  accepted: 'yes' | 'unknown' | 'no';
  /** Other content was sent with its id, and may have been kept. */
  contested: boolean;
  /** The other text sent with its id. */
  contestedText?: string;
  /** Position among the calls of send(), if its receipt shows that this call created it. */
  order: number | undefined;
  entryIds: readonly string[];
}

/** A clock that a run moves. */
export interface RunClock extends Clock {
  advance(ms: number): Promise<void>;
  setWall(time: number): void;
}

/** The parts of a run. */
export interface WorldParts<S extends Server> {
  readonly clock: RunClock;
  readonly server: S;
  readonly disk: Disk;
  readonly options?: Partial<OfflineImSenderOptions>;
  /** For the sender's jitter, and the storage's latency. */
  readonly seed?: number;
  /** The longest duration of a storage call, ms. @default 0 */
  readonly latency?: number;
}

/** Everything in one run: the clock, the spool, the server, the host's memory, and the current process. */
export class World<S extends Server = Server> {
  readonly clock: RunClock;
  readonly server: S;
  readonly disk: Disk;
  readonly watcher: TableWatcher;
  readonly storage: StorageWorld;
  readonly hooks: HookAnswer[] = [];
  readonly messages: Remembered[] = [];
  readonly options: Partial<OfflineImSenderOptions>;
  readonly #violations: string[] = [];
  /** How long the next crash keeps the program down, ms. */
  downFor = 0;
  sends = 0;
  #process: Process | undefined;
  #randomState: number;

  constructor({ clock, server, disk, options = {}, seed = 1, latency = 0 }: WorldParts<S>) {
    this.clock = clock;
    this.server = server;
    this.disk = disk;
    this.#randomState = 1 + (seed % 2_147_483_645);
    this.options = { ...modelOptions, ...options };
    this.watcher = new TableWatcher(this.clock, this.options.idRetention ?? modelOptions.idRetention);
    this.storage = {
      disk,
      watcher: this.watcher,
      clock,
      latency: () => (latency === 0 ? 0 : Math.floor(this.#random() * (latency + 1))),
      faults: [],
      calls: 0,
      inFlight: 0,
      changed: false,
      looking: undefined,
    };
    server.onWrite = (note, earlier) => this.#violations.push(...checkWrite(this, note, earlier));
  }

  get process(): Process {
    if (this.#process === undefined) throw new Error('No process was started.');
    return this.#process;
  }

  /** The spool is working, and nothing waits for time to pass. */
  get isBusy(): boolean {
    return this.#process?.alive === true && this.storage.inFlight > 0;
  }

  /** Starts the program, again each time it dies during that. */
  async start(): Promise<void> {
    for (let failures = 0; ; ) {
      this.#process = this.#newProcess();
      const started = await this.#process.attempt(this.#process.sender.start());
      if (started.status === 'done') return;
      if (started.status === 'failed' && ++failures > mostFailures)
        throw new Error('The program does not start.', { cause: started.error });
      await this.#process.kill();
    }
  }

  /** Restarts the program if it has died; fails the run if a rule was broken. Every command ends with this. */
  async mend(): Promise<void> {
    if (!this.process.alive) await this.crash();
    this.verify();
  }

  async crash(downFor = this.downFor): Promise<void> {
    await this.process.kill();
    await this.clock.advance(downFor);
    await this.start();
  }

  /** Stops cleanly, aborting whatever exceeds the time-out, and starts again. */
  async restart(timeout: number): Promise<void> {
    const { process } = this;
    const stopping = process.stop(timeout);
    // A hanging transport call keeps stop() for its whole time-out, and its grace after aborting.
    await this.clock.advance(timeout + 10 * second);
    const stopped = await Promise.race([stopping, nextTurn().then(() => undefined)]);
    if (stopped === undefined) this.violation('stop() did not come to an end');
    if (stopped?.status === 'failed') this.violation(`stop() rejected: ${String(stopped.error)}`);
    if (!process.alive) return this.crash();
    // If close() failed, the end of the process closes it.
    await process.kill();
    await this.start();
  }

  /** The promised order within one stream: by what the host sent, not by what the spool makes of it. */
  streamOf({ entry, text }: Watched): string {
    const sent = this.messages.find(({ outgoing, contestedText }) => outgoing.text === text || contestedText === text);
    return `${entry.audience} ${sent === undefined ? JSON.stringify([entry.lane, entry.conversationId]) : streamOf(sent.outgoing)}`;
  }

  violation(text: string): void {
    this.#violations.push(text);
  }

  verify(): void {
    this.server.inspect(this.watcher.entries.values());
    const all = [...this.#violations, ...this.watcher.violations, ...this.server.violations];
    if (all.length === 0) return;
    const history = [...this.watcher.history, 'written to the server:', ...this.server.history()].join('\n');
    throw new Error(`The promise is broken:\n${all.join('\n')}\n\nWhat the spool went through:\n${history}`);
  }

  /** From now on all goes well: planned faults of transport, hook and storage are cancelled. */
  calm(): void {
    this.server.calm();
    this.disk.calm();
    this.hooks.length = 0;
    this.storage.faults.length = 0;
  }

  #newProcess(): Process {
    const { clock, server, storage, hooks, options } = this;
    return new Process({
      clock,
      server,
      storage,
      hooks,
      options,
      random: () => this.#random(),
      onEvent: (name, event) => this.#onEvent(name, event),
      onLog: (fields) => this.#checkNoText('log', fields),
    });
  }

  #onEvent(name: EventName, event: unknown): void {
    this.#checkNoText(name, event);
    if (name === 'lane:blocked' || name === 'transport:unavailable') this.watcher.laneWasClosed = true;
    if (name !== 'message:delivered') return;
    const { id } = event as { readonly id: string };
    const watched = this.watcher.entries.get(id);
    if (watched !== undefined && this.server.timesSent(watched) === 0 && !this.server.mayHaveKeptOnly(id)) {
      this.violation(`message:delivered for ${id}, which was never sent`);
    }
  }

  #checkNoText(where: string, value: unknown): void {
    const all = written(value);
    if (all.includes(textMarker)) this.violation(`${where} contains message text`);
    if (all.includes(secretMarker)) this.violation(`${where} contains a secret`);
  }

  /** The same in every replay. */
  #random(): number {
    this.#randomState = (this.#randomState * 16_807) % 2_147_483_647;
    return this.#randomState / 2_147_483_647;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function written(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (!(part instanceof Error)) return part;
    const { name, message, stack, cause } = part;
    return { name, message, stack, cause, details: part instanceof OfflineImError ? part.details : undefined };
  });
}
