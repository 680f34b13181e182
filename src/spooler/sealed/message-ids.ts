import type { Change, SpoolEntry, SpoolStorage } from '../../spool/contract.ts';
import type { Entries } from '../../spool/sealed/entries.ts';

/** Entries that are remembered: what is at work, mostly. */
const remembered = 20_000;

/** Translates the changes of the storage below: they carry the stand-in of a message id. */
export class MessageIds {
  readonly #inner: Pick<SpoolStorage, 'findMessage'>;
  readonly #entries: Entries;
  readonly #known = new Map<string, string>();

  constructor(inner: Pick<SpoolStorage, 'findMessage'>, entries: Entries) {
    this.#inner = inner;
    this.#entries = entries;
  }

  /** Entries that are about to change. */
  remember(entries: readonly SpoolEntry[]): void {
    for (const { id, messageId } of entries) {
      this.#known.delete(id);
      this.#known.set(id, messageId);
    }
    for (const id of this.#known.keys()) {
      if (this.#known.size <= remembered) break;
      this.#known.delete(id);
    }
  }

  /** One after the other: there may be thousands. */
  async open(changes: readonly Change[]): Promise<readonly Change[]> {
    const opened: Change[] = [];
    for (const { reason, ...change } of changes) {
      const messageId = this.#known.get(change.entryId) ?? (await this.#lookUp(change));
      opened.push({ ...change, messageId, ...(reason === undefined ? {} : { reason: await this.#entries.openReason(reason) }) });
    }
    return opened;
  }

  /** The stand-in itself where the id can't be had: the change has happened, and must be told. */
  async #lookUp({ entryId, messageId }: Change): Promise<string> {
    const found = await this.#inner.findMessage(messageId).catch(() => []);
    const entry = found.find(({ id }) => id === entryId);
    return (entry && (await this.#entries.messageIdOf(entry))) ?? messageId;
  }
}
