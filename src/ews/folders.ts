import { hasCode, OfflineImError } from '../errors/index.ts';
import type { DeliveryOutcome, Place } from '../transport.ts';
import type { EwsClient } from './client.ts';
import { getFolderXml } from './get-folder.ts';
import { ewsError, replyError } from './outcome.ts';
import { read } from './reads.ts';
import type { Reply } from './reply.ts';
import { responseMessages } from './response-messages.ts';
import type { EwsSettings } from './settings.ts';

/** Every mailbox has it. */
const fallback = 'sentitems';

/** The server looked for the folder before it created anything, so nothing was sent. */
const folderMissing: ReadonlySet<string> = new Set(['ErrorFolderNotFound', 'ErrorSavedItemFolderNotFound']);

/** What one look at a folder showed. `refused`: the server's schema doesn't know its name. */
type FolderState = 'there' | 'missing' | 'refused' | { readonly error: OfflineImError };

/**
 * Where a mailbox keeps the sender's copy.
 *
 * Nothing is asked beforehand: CreateItem itself is tried with the preferred folder, and a refusal, which proves that
 * nothing was sent, changes to Sent Items and is remembered. So the resolution costs a request only where it is needed.
 */
export class SavedFolders {
  readonly #client: EwsClient;
  readonly #settings: EwsSettings;
  /** By mailbox: the folder that took the place of the preferred one. */
  readonly #instead = new Map<string, string>();
  /** The server's schema knows the preferred folder. */
  #known = false;

  constructor(client: EwsClient, settings: EwsSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  of(mailbox: string): string {
    return this.#instead.get(mailbox.toLowerCase()) ?? this.#settings.savedCopyFolder;
  }

  /** A note went out with this place. */
  worked(place: Place): void {
    if (place.folder === this.#settings.savedCopyFolder) this.#known = true;
  }

  /** Learns from an outcome that speaks of the folder, and lets the note try the other one at once. */
  learn(place: Place, outcome: DeliveryOutcome): DeliveryOutcome {
    if (outcome.status !== 'deferred' && outcome.status !== 'unconfirmed') return outcome;
    if (!folderMissing.has(String(outcome.error.details.responseCode))) return outcome;
    const changed = this.#refuse(place);
    return changed && outcome.status === 'deferred' && outcome.retryAfter === undefined ? { ...outcome, retryAfter: 0 } : outcome;
  }

  /**
   * A schema error may speak of the folder's name (servers before 2013 SP1) or of a note. Which of them, a look at the
   * folder tells. True: it was the folder, and another one is used from now on.
   */
  async blameFolder(place: Place, signal: AbortSignal): Promise<boolean> {
    if (this.#known || place.folder === fallback) return false;
    if ((await this.#look(place.folder, place.mailbox, signal)) !== 'refused') return false;
    this.#refuse(place);
    return true;
  }

  /** Login and folder, for `verify()`: resolves when the next note can go, rejects with what keeps it from going. */
  async verify(mailbox: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const folder = this.of(mailbox);
      const state = await this.#look(folder, mailbox, signal);
      if (state === 'there') return;
      if (typeof state === 'object') throw state.error;
      if (!this.#refuse({ endpoint: this.#settings.url, mailbox, folder })) {
        throw new OfflineImError(
          'FOLDER_UNAVAILABLE',
          'Neither Conversation History nor Sent Items can be found in the mailbox.',
          {
            details: { mailbox, folder },
          },
        );
      }
    }
  }

  /** Another folder takes the place of a missing one. False when there is none left, and all begins anew. */
  #refuse(place: Place): boolean {
    const mailbox = place.mailbox.toLowerCase();
    if (place.folder !== fallback) {
      this.#instead.set(mailbox, fallback);
      return true;
    }
    this.#instead.delete(mailbox);
    return false;
  }

  async #look(folder: string, mailbox: string, signal: AbortSignal): Promise<FolderState> {
    const body = getFolderXml(folder, mailbox);
    return folderState(await read(this.#client, this.#settings, { operation: 'GetFolder', body, signal, notes: [] }));
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
