import { checkArguments } from '../core/arguments.ts';
import { transportArguments } from '../transport/arguments.ts';
import type {
  DeliverOptions,
  DeliveryOutcome,
  Mailbox,
  Note,
  Place,
  ProbeResult,
  Transport,
  TransportReport,
} from '../transport/contract.ts';
import {
  type FindStrandedDraftsOptions,
  findStrandedDrafts,
  type RemoveStrandedDraftsOptions,
  removeStrandedDrafts,
  type StrandedDraft,
  type StrandedDraftsReport,
} from '../transport/stranded-drafts.ts';
import type { Credentials } from './auth/credentials.ts';
import { EwsClient } from './client/client.ts';
import type { EwsTransportOptions } from './options.ts';
import { probe } from './probe/probe.ts';
import { draftsFolder } from './probe/stranded-drafts.ts';
import { MessageClasses, RequestSize } from './send/batches.ts';
import { deliver } from './send/deliver.ts';
import { SavedFolders } from './send/saved-folders.ts';
import { type EwsSettings, settingsOf } from './settings.ts';

/**
 * Delivers notes through Exchange Web Services. One CreateItem both sends a note and saves the sender's copy, so nothing is
 * left in Drafts; a note that may have been sent is found by its tag.
 *
 * @example
 * ```ts
 * const transport = new EwsTransport({
 *   url: 'https://mail.contoso.com/EWS/Exchange.asmx',
 *   credentials: basicAuth({ username: 'alice@contoso.com', password }),
 * });
 * await transport.verify({ address: 'alice@contoso.com' }, { signal: AbortSignal.timeout(30_000) });
 * ```
 */
export class EwsTransport implements Transport {
  readonly name = 'ews';
  /** As the option of that name. */
  readonly requestTimeout: number;
  readonly #settings: EwsSettings;
  readonly #client: EwsClient;
  readonly #folders: SavedFolders;
  readonly #classes: MessageClasses;
  readonly #size: RequestSize;
  readonly #credentials: Credentials;

  /** @throws {OfflineImError} `OPTION_INVALID`; `INSECURE_URL` for `http://` to another machine */
  constructor(options: EwsTransportOptions) {
    checkArguments(EwsTransport.prototype, 'EwsTransport', transportArguments);
    this.#settings = settingsOf(options);
    this.requestTimeout = this.#settings.requestTimeout;
    this.#credentials = this.#settings.credentials;
    this.#client = new EwsClient(this.#settings);
    this.#folders = new SavedFolders(this.#client, this.#settings);
    this.#classes = new MessageClasses(this.#settings.fallbackMessageClass);
    this.#size = new RequestSize(this.#settings.notesPerRequest);
  }

  /** Sends the notes and returns one outcome per note, in order. Whatever the server does becomes an outcome, never an exception. */
  deliver(notes: readonly Note[], options: DeliverOptions): Promise<readonly DeliveryOutcome[]> {
    const [client, settings, folders] = [this.#client, this.#settings, this.#folders];
    return deliver({ client, settings, folders, classes: this.#classes, size: this.#size }, notes, options);
  }

  /** Searches the mailbox for the unknown attempts of the notes, and removes drafts that carry their tag. Never rejects. */
  probe(notes: readonly Note[], options: { readonly signal: AbortSignal }): Promise<readonly ProbeResult[]> {
    return probe({ client: this.#client, settings: this.#settings, folders: this.#folders }, notes, options.signal);
  }

  /** Returns the endpoint, the mailbox, and the folder in which its latest copies were saved. */
  placeOf(from: Mailbox): Place {
    return { endpoint: this.#settings.url, mailbox: from.address, folder: this.#folders.of(from.address) };
  }

  /** Returns whether the attempt went to this endpoint: only those can be probed. */
  canProbe(place: Place): boolean {
    return place.endpoint === this.#settings.url;
  }

  /**
   * Lists drafts that were left in a mailbox: those with this library's tag and, if requested, those of missed-conversation
   * classes that other software left. Changes nothing. Rejects if Drafts can't be read.
   *
   * @example
   * ```ts
   * const { drafts } = await transport.findStrandedDrafts({ address }, { byMessageClass: true });
   * await transport.removeStrandedDrafts(drafts);
   * ```
   */
  findStrandedDrafts(mailbox: Mailbox, options: FindStrandedDraftsOptions = {}): Promise<StrandedDraftsReport> {
    return findStrandedDrafts(draftsFolder(this.#client, this.#settings, mailbox.address), mailbox.address, options);
  }

  /**
   * Moves to Deleted Items those drafts of `findStrandedDrafts()` that it would remove: only items that were never sent and are older than an hour, which is
   * checked again first. The others are left alone.
   */
  async removeStrandedDrafts(
    drafts: readonly StrandedDraft[],
    options: RemoveStrandedDraftsOptions = {},
  ): Promise<StrandedDraftsReport> {
    return removeStrandedDrafts((mailbox) => draftsFolder(this.#client, this.#settings, mailbox), drafts, options);
  }

  /** Logs in and looks up the folder of the copy. Rejects with the reason if no note can be sent. */
  async verify(from: Mailbox, options: { readonly signal: AbortSignal }): Promise<TransportReport> {
    await this.#folders.verify(from.address, options.signal);
    return { limits: [] };
  }

  /** Closes the connections that the login keeps open. */
  async close(): Promise<void> {
    await this.#credentials.close?.();
  }
}
