import type { Clock } from '../../src/core/clock.ts';
import type { EventName } from '../../src/observability/events.ts';
import type { Logger } from '../../src/observability/trace.ts';
import type { OfflineImSenderOptions } from '../../src/sender/options.ts';
import { OfflineImSender } from '../../src/sender/sender.ts';
import { eventNames } from '../support/event-names.ts';
import { FaultyStorage, type StorageWorld } from './faulty-storage.ts';
import type { HookAnswer } from './hooks.ts';
import type { Server } from './server.ts';

/** The result of a request to a process. */
export type Attempt<Value> =
  | { readonly status: 'done'; readonly value: Value }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'died' };

/** The parts of a process, besides its spool. */
export interface ProcessParts {
  readonly clock: Clock;
  readonly server: Server;
  readonly storage: StorageWorld;
  readonly hooks: HookAnswer[];
  readonly options: Partial<OfflineImSenderOptions>;
  random(): number;
  onEvent(name: EventName, event: unknown): void;
  onLog(fields: unknown): void;
}

/** One run of the program: a real sender over a storage that can kill it. Once dead it does nothing more; the world continues without it. */
export class Process {
  readonly sender: OfflineImSender;
  readonly #storage: FaultyStorage;
  readonly #died = Promise.withResolvers<{ readonly status: 'died' }>();
  #alive = true;
  #stopping = false;

  constructor({ clock, server, storage, hooks, options, random, onEvent, onLog }: ProcessParts) {
    this.#storage = new FaultyStorage(storage, () => this.#end());
    const caller = { isAlive: () => this.#alive, isStopping: () => this.#stopping, die: () => this.#end() };
    const log: Logger['info'] = (fields) => onLog(fields);
    this.sender = new OfflineImSender({
      identity: { sip: 'sip:alice@contoso.com', displayName: 'Alice Example' },
      client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
      ...options,
      spool: this.#storage,
      transport: server.transportFor(caller),
      clock,
      random,
      logger: { debug: log, info: log, warn: log, error: log },
      beforeDelivery: async () => {
        const answer = this.#alive ? (hooks.shift() ?? 'deliver') : 'hangs';
        if (answer === 'dies') this.#end();
        if (answer === 'hangs' || answer === 'dies') return new Promise<never>(() => undefined);
        if (answer === 'throws') throw new Error('The hook failed.');
        return answer;
      },
    });
    for (const name of eventNames) this.sender.on(name, (event) => onEvent(name, event));
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Resolves when it is done, or when the process has died during it. */
  attempt<Value>(work: Promise<Value>): Promise<Attempt<Value>> {
    const done = work.then(
      (value): Attempt<Value> => ({ status: 'done', value }),
      (error: unknown): Attempt<Value> => ({ status: 'failed', error }),
    );
    return Promise.race([done, this.#died.promise]);
  }

  /** Stops cleanly; from the next turn on nothing may be sent. */
  stop(timeout: number): Promise<Attempt<void>> {
    const stopping = this.attempt(this.sender.stop({ timeout }));
    setImmediate(() => {
      this.#stopping = true;
    });
    return stopping;
  }

  /** Kills it, unless it has died by itself, and leaves the spool as a dead process does. */
  async kill(): Promise<void> {
    this.#end();
    await this.#storage.die();
  }

  #end(): void {
    this.#alive = false;
    this.#storage.cut();
    this.#died.resolve({ status: 'died' });
  }
}
