import { checkArguments } from '../../core/arguments.ts';
import { missing } from '../../core/errors/missing.ts';
import { spoolArguments } from '../arguments.ts';
import type { AppendResult, Change, ClaimToken, NewSpoolEntry, Refreeze, SpoolStorage } from '../contract.ts';
import { cancel, hold, purge, release, requeue } from './host-actions.ts';
import { noteIdOf } from './records.ts';
import { isHeldOfCopy, releaseRestored } from './restored.ts';
import { refreezeEach } from './settle.ts';
import type { TagReads, Transaction } from './transaction.ts';
import { adopt, holdExported, type MovedEntry } from './transfer.ts';

/** The records that a transition is about: a storage that loads records loads these, and those that belong with them. */
export interface Subject {
  readonly notes?: readonly string[];
  readonly entries?: readonly string[];
  /** Tags of attempts: stands for the entries that may have been sent with them. */
  readonly tags?: readonly string[];
}

/** The arguments of a transition. Notes whose lease has run out by `now` are unconfirmed already. */
export interface Transition {
  readonly tx: Transaction;
  readonly tags: TagReads;
  readonly now: number;
}

/** The results of messages that could not be written. */
export function failedAppends(
  messages: readonly (readonly Pick<NewSpoolEntry, 'messageId'>[])[],
  kept: 'no' | 'unknown',
  error: Error,
): AppendResult[] {
  return messages.map((entries) => ({
    messageId: (entries[0] ?? missing('The first entry of a message')).messageId,
    status: 'failed',
    kept,
    error,
  }));
}

/**
 * The operations that are nothing but a transition of the state table. A storage says how to commit one in {@link TransitionSpool.transit}, and has them all: a synchronous
 * storage runs `operation` in its transaction; another one loads the subject first, and then writes the contents of `tx`.
 */
export abstract class TransitionSpool {
  /**
   * How many entries of one host action share a transaction at most.
   * @internal
   */
  protected readonly actionsAtOnce: number = 10_000;

  constructor() {
    checkArguments(TransitionSpool.prototype, 'spool', spoolArguments);
  }

  /**
   * Runs a transition and makes it durable; none of it shows when that fails.
   * @internal
   */
  protected abstract transit<Result>(subject: Subject, operation: (transition: Transition) => Result): Promise<Result>;

  /** See {@link SpoolStorage.hold}. */
  hold(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#act(entryIds, ({ tx }, ids) => hold(tx, ids));
  }

  /** See {@link SpoolStorage.release}. */
  release(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#act(entryIds, ({ tx, now }, ids) => release(tx, ids, now));
  }

  /** See {@link SpoolStorage.cancel}. */
  cancel(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#act(entryIds, ({ tx, now }, ids) => cancel(tx, ids, now));
  }

  /** See {@link SpoolStorage.requeue}. */
  requeue(entryIds: readonly string[], { force = false }: { readonly force?: boolean } = {}): Promise<readonly Change[]> {
    return this.#act(entryIds, ({ tx, now }, ids) => requeue(tx, ids, now, force));
  }

  /** See {@link SpoolStorage.purge}. */
  purge(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#act(entryIds, ({ tx }, ids) => purge(tx, ids));
  }

  /**
   * Holds entries for good, since they go on in another spool.
   * @internal
   */
  holdExported(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#act(entryIds, ({ tx, now }, ids) => {
      for (const id of ids) holdExported(tx, id, now);
    });
  }

  /**
   * Gives parked entries the state that they had in their old spool.
   * @internal
   */
  adopt(moved: readonly MovedEntry[]): Promise<readonly Change[]> {
    const known = new Map(moved.map((one) => [one.id, one]));
    return this.#act([...known.keys()], ({ tx, now }, ids) => {
      for (const id of ids) {
        const one = known.get(id);
        if (one !== undefined) adopt(tx, one, now);
      }
    });
  }

  /**
   * Lets entries go on that are held as in a restored copy; those that may have been sent are probed first.
   * @internal
   */
  letAdoptedGo(entryIds: readonly string[]): Promise<readonly Change[]> {
    return this.#act(entryIds, ({ tx, now }, ids) => {
      for (const id of ids) if (isHeldOfCopy(tx.entry(id))) releaseRestored(tx, id, now);
    });
  }

  /** See {@link SpoolStorage.refreeze}. */
  refreeze(notes: readonly Refreeze[]): Promise<readonly ClaimToken[]> {
    return this.transit({ notes: notes.map(({ token }) => noteIdOf(token)) }, (transition) => refreezeEach(transition, notes));
  }

  async #act(
    entryIds: readonly string[],
    action: (transition: Transition, ids: readonly string[]) => void,
  ): Promise<readonly Change[]> {
    const changes: Change[] = [];
    for (let from = 0; from < entryIds.length; from += this.actionsAtOnce) {
      const ids = entryIds.slice(from, from + this.actionsAtOnce);
      const some = await this.transit({ entries: ids }, (transition) => {
        const before = transition.tx.changes.length;
        action(transition, ids);
        return transition.tx.changes.slice(before);
      });
      changes.push(...some);
    }
    return changes;
  }
}
