import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { Change, ClaimToken, SpoolEntry, SpoolQuery, SpoolState, SpoolStorage, Standing } from '../contract.ts';
import { changeBy } from './bulk.ts';
import type { CallName } from './calls.ts';
import type { AuditRecord, EntryPage, LaneReport, Pause, SpoolAdmin } from './contract.ts';

/** The process that has a spool open. Its answers are trusted: it has proven that it is the owner. */
export interface Owner {
  ask(call: CallName, ...args: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/** A spool that another process has open: passes every call on to that process. Nothing is sent from here. */
export class AskedSpool implements SpoolStorage {
  readonly name: string;
  readonly capabilities = { durable: true, shared: false } as const;
  readonly admin: SpoolAdmin;
  readonly #connect: () => Promise<Owner>;
  #owner: Owner | undefined;

  constructor(name: string, connect: () => Promise<Owner>) {
    this.name = name;
    this.#connect = connect;
    this.admin = {
      pause: async ({ lane, by, why }) => void (await this.#ask('pause', lane, by, why)),
      resume: async (lane) => (await this.#ask('resume', lane)) as boolean,
      paused: async () => (await this.#ask('paused')) as readonly Pause[],
      lanes: async () => (await this.#ask('lanes')) as LaneReport,
      report: async () => refuse('report'),
      audit: async (record) => (await this.#ask('audit', record)) as readonly AuditRecord[],
      listBy: async (filter, cursor, limit = 100) =>
        (await this.#ask('listBy', filter, cursor, Math.min(limit, 1_000))) as EntryPage,
      // Page by page from here, so that its caller can follow and end it.
      change: (verb, filter, options) => changeBy(this, (...page) => this.admin.listBy(...page), verb, filter, options),
    };
  }

  async open(): Promise<void> {
    this.#owner = await this.#connect();
  }

  async close(): Promise<void> {
    const owner = this.#owner;
    this.#owner = undefined;
    await owner?.close();
  }

  async counts(): Promise<Readonly<Record<SpoolState, number>>> {
    return (await this.#ask('counts')) as Readonly<Record<SpoolState, number>>;
  }

  async get(entryId: string): Promise<SpoolEntry | undefined> {
    return ((await this.#ask('get', entryId)) ?? undefined) as SpoolEntry | undefined;
  }

  async standing(entryId: string): Promise<Standing | undefined> {
    return ((await this.#ask('standing', entryId)) ?? undefined) as Standing | undefined;
  }

  async findMessage(messageId: string): Promise<readonly SpoolEntry[]> {
    return (await this.#ask('findMessage', messageId)) as readonly SpoolEntry[];
  }

  async *list(query: SpoolQuery = {}): AsyncIterable<SpoolEntry> {
    let cursor: string | undefined;
    do {
      const page = (await this.#ask('entries', query, cursor)) as EntryPage;
      yield* page.entries;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  hold = (entryIds: readonly string[]): Promise<readonly Change[]> => this.#act('hold', entryIds);
  release = (entryIds: readonly string[]): Promise<readonly Change[]> => this.#act('release', entryIds);
  cancel = (entryIds: readonly string[]): Promise<readonly Change[]> => this.#act('cancel', entryIds);
  purge = (entryIds: readonly string[]): Promise<readonly Change[]> => this.#act('purge', entryIds);
  requeue = (entryIds: readonly string[], options: { readonly force?: boolean } = {}): Promise<readonly Change[]> =>
    this.#act('requeue', entryIds, options.force === true);

  /** The owner makes the copy, with the rights of its user. */
  async backup(path: string, { overwrite = false }: { readonly overwrite?: boolean } = {}): Promise<void> {
    await this.#ask('backup', path, overwrite);
  }

  append = async (): Promise<never> => refuse('append');
  claim = async (): Promise<never> => refuse('claim');
  renew = async (): Promise<never> => refuse('renew');
  refreeze = async (): Promise<readonly ClaimToken[]> => refuse('refreeze');
  settle = async (): Promise<never> => refuse('settle');
  expire = async (): Promise<never> => refuse('expire');
  nextDue = async (): Promise<never> => refuse('nextDue');

  async #act(verb: string, ids: readonly string[], force?: boolean): Promise<readonly Change[]> {
    return (await this.#ask('act', verb, ids, force)) as readonly Change[];
  }

  #ask(call: CallName, ...args: readonly unknown[]): Promise<unknown> {
    if (this.#owner !== undefined) return this.#owner.ask(call, ...args);
    return Promise.reject(new OfflineImError('SPOOL_CLOSED', 'The spool is not open; open it first.'));
  }
}

function refuse(operation: string): never {
  throw new OfflineImError(
    'SPOOL_NOT_OPERABLE',
    `${operation}() can only be called in the process that has the spool open; this handle can only operate it.`,
  );
}
