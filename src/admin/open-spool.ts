import { anyString, checkArgument } from '../core/arguments.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { callback, optional, type RulesFor, readOptions } from '../core/options.ts';
import { type MessageEntry, shownEntry } from '../sender/status.ts';
import type { SpoolState, SpoolStorage } from '../spool/contract.ts';
import { FileSpool } from '../spool/file/file-spool.ts';
import { SqliteSpool } from '../spool/sqlite/sqlite-spool.ts';
import { type Place, placeOf } from './where.ts';

/** How a spool is opened for an operator. */
export interface OpenSpoolOptions {
  /** Told of what loses no message, but that someone should know. @default nobody */
  readonly onWarning?: ((error: Error) => void) | undefined;
}

const rules = {
  onWarning: optional(callback<(error: Error) => void>()),
} satisfies RulesFor<OpenSpoolOptions>;

/** ms: what the sender keeps by default. */
const tombstones = 86_400_000;

/** What {@link OpenSpool.list} shows. */
export interface ListFilter {
  readonly state?: SpoolState | undefined;
  /** The sender's mailbox. */
  readonly mailbox?: string | undefined;
  /** Entries at most. @default 100 */
  readonly limit?: number | undefined;
}

/** A spool as an operator has it open: no sender is needed, and nothing is delivered. */
export class OpenSpool {
  readonly #storage: SpoolStorage;

  constructor(storage: SpoolStorage) {
    this.#storage = storage;
  }

  /** Which kind of spool it is: `file`, `sqlite`, `postgres`. */
  get kind(): string {
    return this.#storage.name;
  }

  async list({ state, mailbox, limit = 100 }: ListFilter = {}): Promise<{ readonly entries: readonly MessageEntry[] }> {
    const entries: MessageEntry[] = [];
    const query = {
      ...(state === undefined ? {} : { state }),
      ...(mailbox === undefined ? {} : { lane: mailbox.toLowerCase() }),
    };
    for await (const entry of this.#storage.list(query)) {
      if (entries.length >= limit) break;
      entries.push(shownEntry(entry));
    }
    return { entries };
  }

  async stats(): Promise<{ readonly states: Readonly<Record<SpoolState, number>> }> {
    return { states: await this.#storage.counts() };
  }

  close(): Promise<void> {
    return this.#storage.close();
  }
}

/**
 * Opens a spool for an operator: a folder, an SQLite file or a PostgreSQL URL. It is recognised by what lies there, and never made.
 *
 * @throws {OfflineImError} `SPOOL_ROOT_UNUSABLE` when there is no spool; what opening it rejects with
 * @example
 * ```ts
 * const spool = await openSpool('/var/spool/my-bot/spool.db');
 * console.log((await spool.stats()).states.dead);
 * await spool.close();
 * ```
 */
export async function openSpool(where: string, options: OpenSpoolOptions = {}): Promise<OpenSpool> {
  checkArgument('openSpool()', 'where', where, anyString('a path, or the URL of a database'));
  const { onWarning } = readOptions('openSpool()', options, rules);
  const storage = storageAt(placeOf(where));
  const clock: Clock = systemClock;
  await storage.open({ clock, tombstones, ...(onWarning === undefined ? {} : { onWarning }) });
  return new OpenSpool(storage);
}

function storageAt(place: Place): SpoolStorage {
  switch (place.kind) {
    case 'file':
      return new FileSpool({ root: place.root });
    case 'sqlite':
      return new SqliteSpool({ path: place.path });
    case 'postgres':
      throw new Error('PostgreSQL is not supported by the command line yet.');
  }
}
