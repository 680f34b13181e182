import { missing } from '../../core/errors/missing.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { DeliveryOutcome, Place } from '../../transport/contract.ts';
import type { EwsClient } from '../client/client.ts';
import { read } from '../client/reads.ts';
import type { Reply } from '../client/reply.ts';
import { isById, isSayable, type ResponseMessage, responseMessages } from '../operations/elements.ts';
import { getFolderXml } from '../operations/folders.ts';
import type { EwsServerVersion } from '../options.ts';
import { ewsError, replyError } from '../outcome/outcome.ts';
import { ruleOfError } from '../outcome/response-codes.ts';
import type { EwsSettings } from '../settings.ts';
import type { Batch, Negotiation, SendOptions } from './batches.ts';
import { type Asking, findHistory, findOrCreateHistory, type Lookup } from './conversation-history.ts';

const history = 'conversationhistory';
/** Every mailbox has it. */
const fallback = 'sentitems';
/** ms for which copies go there after Conversation History could be neither found nor created. */
const noneFor = 3_600_000;
/** The same after it was refused right after being found or created: each retry could create another one. */
const refusedFor = 86_400_000;

/** Folders that may hold the copy of a note; `failed`: why the list may be incomplete. */
export type CopyFolders = { readonly folders: readonly string[]; readonly failed?: DeliveryOutcome };

/**
 * Finds where a mailbox keeps the sender's copy: in Conversation History by its distinguished name; if the server doesn't
 * know that, by its class or name; if there is none, in a new one; if none can be created, in Sent Items. Remembers it per
 * mailbox.
 *
 * Makes no request in advance: CreateItem itself is tried with the distinguished name, and a refusal, which proves that
 * nothing was sent, starts the look-up. So the resolution costs requests only where it is needed.
 *
 * A note whose frozen place is `conversationhistory` may go to any folder that this resolves to, and its probe searches all
 * of them. A place with an id means exactly that folder.
 */
export class SavedFolders implements Negotiation {
  readonly #client: EwsClient;
  readonly #settings: EwsSettings;
  /** By mailbox: the folder that replaces the preferred one, and until when (monotonic). */
  readonly #instead = new Map<string, { readonly folder: string; readonly until: number }>();
  /** By mailbox: the id of Conversation History, once a look-up has found it. */
  readonly #byId = new Map<string, string>();
  /** Mailboxes whose Conversation History was known by its id, and is gone. */
  readonly #lost = new Set<string>();
  /** Mailboxes whose Conversation History has no distinguished name. */
  readonly #nameless = new Set<string>();
  /** By mailbox: the look-up in progress, so that concurrent notes share it, and create one folder. */
  readonly #resolving = new Map<string, Promise<Lookup>>();
  /** Folders by id that a look-up returned and that have received no copy yet. */
  readonly #unproven = new Set<string>();
  /** Whether the server's schema is known to have the preferred folder. */
  #known = false;

  constructor(client: EwsClient, settings: EwsSettings) {
    this.#client = client;
    this.#settings = settings;
  }

  of(mailbox: string): string {
    return this.#learnt(mailbox.toLowerCase()) ?? this.#settings.savedCopyFolder;
  }

  /** The folder for the copy of a note with that place, or why it can't be determined now. */
  async target(place: Place, asking: Asking): Promise<Exclude<Lookup, 'none'>> {
    if (place.folder !== history) return { folder: place.folder };
    const mailbox = place.mailbox.toLowerCase();
    const instead = this.#learnt(mailbox);
    if (instead !== undefined) return { folder: instead };
    if (!this.#nameless.has(mailbox) && isSayable(history, this.#client.versionFor(mailbox))) return { folder: history };
    const lookup = await this.#resolve(asking);
    if (lookup !== 'none' && 'outcome' in lookup) return lookup;
    if (lookup === 'none') this.#fallBack(mailbox, noneFor);
    else this.#instead.set(mailbox, { folder: lookup.folder, until: Number.POSITIVE_INFINITY });
    return { folder: lookup === 'none' ? fallback : lookup.folder };
  }

  /** Records that a note was sent with its copy in this folder. */
  worked(folder: string): void {
    this.#unproven.delete(folder);
    if (folder === history) this.#known = true;
  }

  /**
   * The server refused a batch for the folder of its copy: the same notes may go to the folder that a new look-up returns,
   * unless their frozen place names exactly the folder that is gone.
   *
   * A schema error may concern the folder's name or a note. A GetFolder tells which.
   */
  async refused(batch: Batch, error: OfflineImError, options: SendOptions): Promise<Batch | undefined> {
    const { place, folder = place.folder } = batch;
    const { missing, negotiates } = ruleOfError(error);
    if (negotiates === 'schema') {
      if (this.#known || folder !== history || !options.mayWrite()) return undefined;
      if ((await this.#look(folder, place.mailbox, options)) !== 'refused') return undefined;
    } else if (missing !== 'folder') return undefined;
    this.#giveUp(place.mailbox, folder);
    return place.folder === history && folder !== fallback ? batch : undefined;
  }

  /** Whether a frozen place names a folder that is gone: the next attempt freezes the right one, and may start at once. */
  isStale({ place, folder }: Batch, { error }: { readonly error: OfflineImError }): boolean {
    return ruleOfError(error).missing === 'folder' && place.folder !== history && folder !== fallback;
  }

  /**
   * Called after a fault of unknown meaning, or an object that is not there: some servers return one, every time, when the folder of the copy is gone, or none that this
   * login may see. Checks whether it still exists; the outcome of the notes stays unknown.
   */
  async suspect({ place, folder = place.folder }: Batch, options: SendOptions): Promise<void> {
    if (folder === fallback || !options.mayWrite()) return;
    const state = await this.#look(folder, place.mailbox, options);
    // A learnt folder can be learnt again, so any doubt is enough; the distinguished one is given up only if the server says that it is missing.
    if (state === 'missing' || state === 'refused') this.#giveUp(place.mailbox, folder);
    else if (isById(folder) && state !== 'there') this.#forget(place.mailbox, folder);
  }

  /** The folder that received the latest copies of a place: a probe searches it first, since that may be enough. */
  askedFirst({ mailbox, folder }: Place): string {
    if (folder !== history) return folder;
    const key = mailbox.toLowerCase();
    return this.#learnt(key) ?? (this.#nameless.has(key) ? this.#byId.get(key) : undefined) ?? history;
  }

  /** Every folder that may have received the copy of a note with that place, also before a restart or from another process. */
  async copyFolders(place: Place, asking: Asking): Promise<CopyFolders> {
    if (place.folder !== history) return { folders: [place.folder] };
    const key = place.mailbox.toLowerCase();
    if (!this.#byId.has(key)) {
      const found = await findHistory(this.#client, this.#settings, asking);
      if (found !== 'none' && 'outcome' in found) return { folders: [history], failed: found.outcome };
      if (found !== 'none') this.#byId.set(key, found.folder);
    }
    const byId = this.#byId.get(key);
    return { folders: byId === undefined ? [history] : [history, byId] };
  }

  /** Records that a search found no such folder. True if another look-up may find its replacement. */
  isGone(mailbox: string, folder: string): boolean {
    const key = mailbox.toLowerCase();
    if (folder === history) this.#nameless.add(key);
    if (this.#byId.get(key) !== folder) return false;
    this.#lost.add(key);
    this.#giveUp(mailbox, folder);
    return true;
  }

  /** Whether a folder that may have received copies of that place is gone; `missing`: those that a search found no more. */
  hasLost({ mailbox, folder }: Place, missing: ReadonlySet<string>): boolean {
    return isById(folder) ? missing.has(folder) : folder === history && this.#lost.has(mailbox.toLowerCase());
  }

  /** Checks login and folder, for `verify()`: resolves if the next note can be sent, rejects with the obstacle. */
  async verify(mailbox: string, signal: AbortSignal): Promise<void> {
    for (let looks = 0; looks < 4; looks++) {
      const place = { endpoint: this.#settings.url, mailbox, folder: this.of(mailbox) };
      const target = await this.target(place, { mailbox, signal, notes: [] });
      if ('outcome' in target) throw errorOf(target.outcome);
      const state = await this.#look(target.folder, mailbox, { signal });
      if (state === 'there') return;
      if (typeof state === 'object') throw state.error;
      this.#giveUp(mailbox, target.folder);
      if (target.folder === fallback) break;
    }
    throw new OfflineImError('FOLDER_UNAVAILABLE', 'Neither Conversation History nor Sent Items can be found in the mailbox.', {
      details: { mailbox },
    });
  }

  #learnt(mailbox: string): string | undefined {
    const one = this.#instead.get(mailbox);
    if (one === undefined || this.#settings.clock.monotonic() < one.until) return one?.folder;
    this.#instead.delete(mailbox);
    return undefined;
  }

  /** Temporary: an administrator may grant the missing permission long before this process ends. */
  #fallBack(mailbox: string, time: number): void {
    this.#instead.set(mailbox, { folder: fallback, until: this.#settings.clock.monotonic() + time });
  }

  /** The server says that this folder is missing. If it has just returned or created it, falls back instead of looking it up repeatedly. */
  #giveUp(mailbox: string, folder: string): void {
    this.#forget(mailbox, folder);
    if (this.#unproven.delete(folder)) this.#fallBack(mailbox.toLowerCase(), refusedFor);
  }

  /**
   * That folder is missing: the next look-up starts with the following step, or from the beginning. Keeps a replacement that
   * another batch has found since.
   */
  #forget(mailbox: string, folder: string): void {
    const key = mailbox.toLowerCase();
    if (this.#instead.get(key)?.folder === folder) this.#instead.delete(key);
    if (this.#byId.get(key) === folder) this.#byId.delete(key);
    if (folder === history) this.#nameless.add(key);
    else if (!isById(folder)) this.#nameless.delete(key);
  }

  /** Checks whether a folder exists, with GetFolder. */
  async #look(folder: string, mailbox: string, call: Pick<Asking, 'signal' | 'looks' | 'mayWrite'>): Promise<FolderState> {
    const xml = getFolderXml(folder, mailbox);
    const body = (version: EwsServerVersion): string | undefined => (isSayable(folder, version) ? xml : undefined);
    const reply = await read(this.#client, this.#settings, { ...call, mailbox, operation: 'GetFolder', notes: [], body });
    return isSayable(folder, this.#client.versionFor(mailbox)) ? stateOf(reply) : 'refused';
  }

  #resolve(asking: Asking): Promise<Lookup> {
    const key = asking.mailbox.toLowerCase();
    let resolving = this.#resolving.get(key);
    if (resolving === undefined) {
      resolving = findOrCreateHistory(this.#client, this.#settings, asking)
        .then((lookup) => {
          if (lookup !== 'none' && 'folder' in lookup) {
            this.#byId.set(key, lookup.folder);
            this.#unproven.add(lookup.folder);
          }
          return lookup;
        })
        .finally(() => this.#resolving.delete(key));
      this.#resolving.set(key, resolving);
    }
    return resolving;
  }
}

function errorOf(outcome: DeliveryOutcome): OfflineImError {
  return outcome.status === 'delivered' ? missing('The error of a look-up') : outcome.error;
}

/** The result of a GetFolder. `refused`: the server's schema doesn't know its name. */
type FolderState = 'there' | 'missing' | 'refused' | { readonly error: OfflineImError };

function stateOf(reply: Reply): FolderState {
  const message = reply.kind === 'body' ? responseMessages(reply.payload, 'GetFolder')?.[0] : undefined;
  if (message?.ok === true) return 'there';
  const error = reply.kind === 'body' ? errorIn(message, reply.meta.requestId) : replyError(reply);
  const { missing, negotiates } = ruleOfError(error);
  // To a login that may not see a folder, Exchange names it an object that is not there: then it is none to use.
  if (missing !== undefined) return 'missing';
  return negotiates === 'schema' ? 'refused' : { error };
}

function errorIn(message: ResponseMessage | undefined, requestId: string): OfflineImError {
  if (message !== undefined) return ewsError(message.responseCode, requestId);
  return new OfflineImError('RESPONSE_UNREADABLE', 'The response does not answer this GetFolder.', { details: { requestId } });
}
