import { hasCode, OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliveryOutcome, Place } from '../../transport/contract.ts';
import type { EwsClient } from '../client/client.ts';
import { read } from '../client/reads.ts';
import type { Reply } from '../client/reply.ts';
import { isById, isSayable } from '../operations/folder-id.ts';
import { getFolderXml } from '../operations/folders.ts';
import { responseMessages } from '../operations/response-messages.ts';
import { ewsError, replyError } from '../outcome/outcome.ts';
import type { EwsSettings } from '../settings.ts';
import { type Asking, findOrCreate, folderMissing, type Lookup } from './conversation-history.ts';

const history = 'conversationhistory';
/** Every mailbox has it. */
const fallback = 'sentitems';

/** What one look at a folder showed. `refused`: the server's schema doesn't know its name. */
type FolderState = 'there' | 'missing' | 'refused' | { readonly error: OfflineImError };

/**
 * Where a mailbox keeps the sender's copy: Conversation History by its distinguished name; where the server doesn't know
 * that, by display name; where there is none, a new one; where that can't be, Sent Items. Remembered for each mailbox.
 *
 * Nothing is asked beforehand: CreateItem itself is tried with the distinguished name, and a refusal, which proves that
 * nothing was sent, starts the look-up. So the resolution costs requests only where it is needed.
 *
 * A note whose frozen place says `conversationhistory` may go to whatever that resolves to: a probe for such a place looks
 * in all of it. A place with an id means that very folder.
 */
export class SavedFolders {
  readonly #client: EwsClient;
  readonly #settings: EwsSettings;
  /** By mailbox: the folder that took the place of the preferred one. */
  readonly #instead = new Map<string, string>();
  /** Mailboxes whose Conversation History has no distinguished name. */
  readonly #nameless = new Set<string>();
  /** By mailbox: a look-up under way, so that a mailbox is asked, and a folder made, once. */
  readonly #resolving = new Map<string, Promise<Lookup>>();
  /** The server's schema knows the preferred folder. */
  #known = false;

  constructor(client: EwsClient, settings: EwsSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  of(mailbox: string): string {
    return this.#instead.get(mailbox.toLowerCase()) ?? this.#settings.savedCopyFolder;
  }

  /** The folder to write the copy of a note with that place to, or why that can't be said now. */
  async target(place: Place, asking: Asking): Promise<Exclude<Lookup, 'none'>> {
    if (place.folder !== history) return { folder: place.folder };
    const mailbox = place.mailbox.toLowerCase();
    const instead = this.#instead.get(mailbox);
    if (instead !== undefined) return { folder: instead };
    if (!this.#nameless.has(mailbox) && isSayable(history, this.#client.version)) return { folder: history };
    const lookup = await this.#resolve(place.mailbox, asking);
    if (lookup !== 'none' && 'outcome' in lookup) return lookup;
    const folder = lookup === 'none' ? fallback : lookup.folder;
    this.#instead.set(mailbox, folder);
    return { folder };
  }

  /** A note went out with its copy in this folder. */
  worked(folder: string): void {
    if (folder === history) this.#known = true;
  }

  /**
   * Learns from an outcome that speaks of the folder the note was written to. `again`: the same attempt may go to the folder
   * that a new look-up gives.
   */
  learn(place: Place, folder: string, outcome: DeliveryOutcome): DeliveryOutcome | 'again' {
    if (outcome.status !== 'deferred' && outcome.status !== 'unconfirmed') return outcome;
    if (!folderMissing.has(String(outcome.error.details.responseCode))) return outcome;
    this.#forget(place.mailbox, folder);
    if (outcome.status === 'unconfirmed' || folder === fallback) return outcome;
    if (place.folder === history) return 'again';
    // The frozen place names a folder that is gone. The next attempt freezes the right one, and may start at once.
    return outcome.retryAfter === undefined ? { ...outcome, retryAfter: 0 } : outcome;
  }

  /**
   * A schema error may speak of the folder's name or of a note. Which of them, a look at the folder tells. True: it was the
   * folder, and another one is used from now on.
   */
  async blameFolder(place: Place, folder: string, signal: AbortSignal): Promise<boolean> {
    if (this.#known || folder !== history) return false;
    if ((await this.#look(folder, place.mailbox, signal)) !== 'refused') return false;
    this.#forget(place.mailbox, folder);
    return true;
  }

  /** Login and folder, for `verify()`: resolves when the next note can go, rejects with what keeps it from going. */
  async verify(mailbox: string, signal: AbortSignal): Promise<void> {
    for (let looks = 0; looks < 4; looks++) {
      const place = { endpoint: this.#settings.url, mailbox, folder: this.of(mailbox) };
      const target = await this.target(place, { mailbox, signal, notes: [] });
      if ('outcome' in target) throw errorOf(target.outcome);
      const state = await this.#look(target.folder, mailbox, signal);
      if (state === 'there') return;
      if (typeof state === 'object') throw state.error;
      this.#forget(mailbox, target.folder);
      if (target.folder === fallback) break;
    }
    throw new OfflineImError('FOLDER_UNAVAILABLE', 'Neither Conversation History nor Sent Items can be found in the mailbox.', {
      details: { mailbox },
    });
  }

  /** That folder is not there: the next look-up begins at the step behind it, or all begins anew. */
  #forget(mailbox: string, folder: string): void {
    const key = mailbox.toLowerCase();
    this.#instead.delete(key);
    if (folder === history) this.#nameless.add(key);
    else if (!isById(folder)) this.#nameless.delete(key);
  }

  #resolve(mailbox: string, asking: Asking): Promise<Lookup> {
    const key = mailbox.toLowerCase();
    let resolving = this.#resolving.get(key);
    if (resolving === undefined) {
      resolving = findOrCreate(this.#client, this.#settings, mailbox, asking).finally(() => this.#resolving.delete(key));
      this.#resolving.set(key, resolving);
    }
    return resolving;
  }

  async #look(folder: string, mailbox: string, signal: AbortSignal): Promise<FolderState> {
    const xml = getFolderXml(folder, mailbox);
    const before = this.#client.version;
    const body = (version: typeof before): string | undefined => (isSayable(folder, version) ? xml : undefined);
    const reply = await read(this.#client, this.#settings, { operation: 'GetFolder', mailbox, body, signal, notes: [] });
    return isSayable(folder, this.#client.version) ? folderState(reply) : 'refused';
  }
}

function folderState(reply: Reply): FolderState {
  if (reply.kind !== 'body') {
    const error = replyError(reply);
    const schema = hasCode(error, 'EWS_ERROR') && error.details.responseCode === 'ErrorSchemaValidation';
    return schema ? 'refused' : { error };
  }
  const message = responseMessages(reply.payload, 'GetFolder')?.[0];
  if (message === undefined) {
    const text = 'The response is not the answer to this GetFolder.';
    return { error: new OfflineImError('RESPONSE_UNREADABLE', text, { details: { requestId: reply.meta.requestId } }) };
  }
  if (message.ok) return 'there';
  return folderMissing.has(message.responseCode) ? 'missing' : { error: ewsError(message.responseCode, reply.meta.requestId) };
}

function errorOf(outcome: DeliveryOutcome): OfflineImError {
  if (outcome.status !== 'delivered') return outcome.error;
  return new OfflineImError('FOLDER_UNAVAILABLE', 'The folder of the copy can not be looked up.');
}
