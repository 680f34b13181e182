import { checkArguments } from '../core/arguments.ts';
import { transportArguments } from '../transport/arguments.ts';
import type { DeliverOptions, DeliveryOutcome, Mailbox, Note, Place, ProbeResult, Transport } from '../transport/contract.ts';
import {
  type FindStrandedDraftsOptions,
  findStrandedDrafts,
  type RemoveStrandedDraftsOptions,
  removeStrandedDrafts,
  type StrandedDraft,
  type StrandedDraftsReport,
} from '../transport/stranded-drafts.ts';
import { GraphClient } from './client/client.ts';
import type { GraphTransportOptions } from './options.ts';
import { probe } from './probe/probe.ts';
import { draftsFolder } from './probe/stranded-drafts.ts';
import { deliver } from './send/deliver.ts';
import { KeptCopies } from './send/keep-copy.ts';
import { MessageClasses } from './send/message-classes.ts';
import { type GraphSettings, settingsOf } from './settings.ts';
import { verify } from './verify.ts';

/**
 * Delivers notes through Microsoft Graph, for mailboxes in Exchange Online: one sendMail per note, never a draft that is sent
 * afterwards; a note that may have been sent is found by its tag.
 *
 * @example
 * ```ts
 * const transport = new GraphTransport({ credential: new ClientSecretCredential(tenantId, clientId, clientSecret) });
 * const { limits } = await transport.verify({ address: 'alice@contoso.com' }, { signal: AbortSignal.timeout(30_000) });
 * ```
 */
export class GraphTransport implements Transport {
  readonly name = 'graph';
  /** The longest that one request can take, in ms. */
  readonly requestTimeout: number;
  readonly #settings: GraphSettings;
  readonly #client: GraphClient;
  readonly #classes = new MessageClasses();
  readonly #copies: KeptCopies;

  /** @throws {OfflineImError} `OPTION_INVALID`; `INSECURE_URL` for `http://` to another machine */
  constructor(options: GraphTransportOptions) {
    checkArguments(GraphTransport.prototype, 'GraphTransport', transportArguments);
    this.#settings = settingsOf(options);
    this.#client = new GraphClient(this.#settings);
    this.#copies = new KeptCopies(this.#settings);
    this.requestTimeout = this.#settings.requestTimeout;
  }

  /** Sends the notes and returns one outcome per note, in order. Whatever the service does becomes an outcome, never an exception. */
  deliver(notes: readonly Note[], options: DeliverOptions): Promise<readonly DeliveryOutcome[]> {
    const delivery = { client: this.#client, settings: this.#settings, classes: this.#classes, copies: this.#copies };
    return deliver(delivery, notes, options);
  }

  /** Searches the mailbox for the unknown attempts of the notes, and removes drafts that carry their tag. */
  probe(notes: readonly Note[], options: { readonly signal: AbortSignal }): Promise<readonly ProbeResult[]> {
    return probe(this.#client, this.#settings, notes, options.signal);
  }

  /** Returns the service, the mailbox, and the folder in which its copies are kept. */
  placeOf(from: Mailbox): Place {
    return { endpoint: this.#settings.root, mailbox: from.address, folder: this.#settings.keepCopyIn ?? 'sentitems' };
  }

  /** Returns whether the attempt went to this service: only those can be probed. */
  canProbe(place: Place): boolean {
    return place.endpoint === this.#settings.root;
  }

  /** Returns the option of that name, in ms. */
  minimumGrace(_place: Place): number {
    return this.#settings.minimumGrace;
  }

  /**
   * Lists drafts that were never sent and stayed in Drafts, oldest first, and whether each would be removed; removes
   * nothing. Rejects with the service's error if Drafts can't be read.
   *
   * @example
   * ```ts
   * const { drafts, accepted } = await transport.findStrandedDrafts({ address }, { isSettled });
   * await transport.removeStrandedDrafts(drafts);
   * ```
   */
  findStrandedDrafts(mailbox: Mailbox, options: FindStrandedDraftsOptions = {}): Promise<StrandedDraftsReport> {
    return findStrandedDrafts(this.#drafts(mailbox.address), mailbox.address, options);
  }

  /**
   * Moves to Deleted Items those drafts of `findStrandedDrafts()` that it would remove: only items that were never submitted
   * and are older than an hour, which is checked again first. The others are left alone.
   */
  async removeStrandedDrafts(
    drafts: readonly StrandedDraft[],
    options: RemoveStrandedDraftsOptions = {},
  ): Promise<StrandedDraftsReport> {
    return removeStrandedDrafts((mailbox) => this.#drafts(mailbox), drafts, options);
  }

  #drafts(mailbox: string): ReturnType<typeof draftsFolder> {
    return draftsFolder((signal) => {
      const userPath = this.#client.userPath(mailbox);
      if (typeof userPath !== 'string') throw userPath;
      return { client: this.#client, settings: this.#settings, mailbox, userPath, call: { signal, notes: [] } };
    });
  }

  /**
   * Checks token and mailbox, and resolves with what can't be promised with the given permissions. Rejects if no note can be
   * sent: with `AUTHENTICATION_FAILED`, or the service's error about the mailbox.
   */
  verify(from: Mailbox, options: { readonly signal: AbortSignal }): ReturnType<typeof verify> {
    return verify(this.#client, this.#settings, from.address, options.signal);
  }

  /** Stops moving copies (`keepCopyIn`). */
  async close(): Promise<void> {
    this.#copies.close();
  }
}
