import { asError } from '../../core/errors/thrown.ts';
import { KeyedQueue } from '../../core/queues.ts';
import type { AppendResult, NewSpoolEntry, SpoolEntry, SpoolStorage } from '../contract.ts';
import { appendStorable, byMessage } from '../state/append.ts';
import type { BlindIndex } from './blind-index.ts';
import type { Entries } from './entries.ts';

type Sealed = { readonly entries: readonly NewSpoolEntry[] } | { readonly error: Error };

/** Seals entries and appends them in the order of the calls, however long each takes to seal. */
export class Appends {
  readonly #inner: Pick<SpoolStorage<unknown>, 'append'>;
  readonly #entries: Entries;
  readonly #blindIndex: BlindIndex;
  readonly #turns = new KeyedQueue();

  constructor(inner: Pick<SpoolStorage<unknown>, 'append'>, entries: Entries, blindIndex: BlindIndex) {
    this.#inner = inner;
    this.#entries = entries;
    this.#blindIndex = blindIndex;
  }

  append(
    entries: readonly NewSpoolEntry[],
    options: { readonly client?: unknown } | undefined,
  ): Promise<readonly AppendResult[]> {
    return appendStorable(entries, (storable) => this.#append(storable, options));
  }

  async #append(
    entries: readonly NewSpoolEntry[],
    options: { readonly client?: unknown } | undefined,
  ): Promise<readonly AppendResult[]> {
    const given = byMessage(entries);
    // Before anything is kept: a failure afterwards would leave the caller without a result.
    const indexed = this.#idsOf(given.keys());
    const sealed: Promise<Sealed> = Promise.all([indexed, ...entries.map((entry) => this.#entries.seal(entry))]).then(
      ([_, ...all]) => ({ entries: all }),
      (error: unknown) => ({ error: asError(error) }),
    );
    const { done } = await this.#turns.inOrder('', sealed, (ready) => ({
      done:
        'error' in ready ? Promise.resolve(nothingKept(given.keys(), ready.error)) : this.#inner.append(ready.entries, options),
    }));
    const results = await done;
    const ids = await indexed.catch(() => new Map<string, string>());
    return Promise.all(
      results.map((result) => {
        const messageId = ids.get(result.messageId) ?? result.messageId;
        return this.#opened({ ...result, messageId }, given.get(messageId) ?? []);
      }),
    );
  }

  /** Maps the ids by which the spool below knows these messages to their own. */
  async #idsOf(messageIds: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const ids = new Map<string, string>();
    for (const messageId of messageIds) ids.set(await this.#blindIndex.of('message', messageId), messageId);
    return ids;
  }

  /** Shows the entries of a result. New ones need not be opened: everything about them is known. */
  async #opened(result: AppendResult, given: readonly NewSpoolEntry[]): Promise<AppendResult> {
    if (result.status !== 'appended' && result.status !== 'duplicate') return result;
    const { messageId } = result;
    const show = (entry: SpoolEntry): SpoolEntry | Promise<SpoolEntry> => {
      const own = given.find(({ id }) => id === entry.id);
      if (result.status === 'appended' && own !== undefined) return { ...entry, ...routedOf(own), to: own.message.to };
      // The same content: it has the same recipients, also where the key of the first is not there.
      const same = given.find(({ audience }) => audience === entry.audience);
      return this.#entries.show(entry, same === undefined ? { messageId } : { messageId, to: same.message.to });
    };
    return { ...result, entries: await Promise.all(result.entries.map(show)) };
  }
}

function routedOf({ messageId, contentHash, lane, conversationId, recipientsKey }: NewSpoolEntry) {
  return { messageId, contentHash, lane, conversationId, recipientsKey };
}

function nothingKept(messageIds: Iterable<string>, error: Error): AppendResult[] {
  return [...messageIds].map((messageId) => ({ messageId, status: 'failed', kept: 'no', error }));
}
