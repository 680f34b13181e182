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
 * Delivers notes through Microsoft Graph, for mailboxes in Exchange Online: one sendMail for each, never a draft that is sent
 * afterwards, and a search for the tag of what may have been sent.
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

  /** Throws `OPTION_INVALID`, or `INSECURE_URL` for `http://` to another machine. */
  constructor(options: GraphTransportOptions) {
    checkArguments(GraphTransport.prototype, 'GraphTransport', transportArguments);
    this.#settings = settingsOf(options);
    this.#client = new GraphClient(this.#settings);
    this.#copies = new KeptCopies(this.#settings);
    this.requestTimeout = this.#settings.requestTimeout;
  }

  /** One outcome per note, in order. Whatever the service does becomes an outcome, not an exception. */
  deliver(notes: readonly Note[], options: DeliverOptions): Promise<readonly DeliveryOutcome[]> {
    const delivery = { client: this.#client, settings: this.#settings, classes: this.#classes, copies: this.#copies };
    return deliver(delivery, notes, options);
  }

  /** Looks for the unknown attempts of the notes, and removes drafts that carry their tag. */
  probe(notes: readonly Note[], options: { readonly signal: AbortSignal }): Promise<readonly ProbeResult[]> {
    return probe(this.#client, this.#settings, notes, options.signal);
  }

  /** The service, the mailbox itself, and the folder where its copies are kept. */
  placeOf(from: Mailbox): Place {
    return { endpoint: this.#settings.root, mailbox: from.address, folder: this.#settings.keepCopyIn ?? 'sentitems' };
  }

  /** Every place of this service. */
  canProbe(place: Place): boolean {
    return place.endpoint === this.#settings.root;
  }

  /** ms; see the option of that name. */
  minimumGrace(_place: Place): number {
    return this.#settings.minimumGrace;
  }

  /**
   * Looks through Drafts for what was never sent and stayed there, oldest first, and says what would be removed; removes
   * nothing. Rejects with what the service says where Drafts cannot be read.
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
   * Moves drafts that `findStrandedDrafts()` has found, and that it would remove, to Deleted Items: only what was never handed
   * over and is older than an hour, which is looked at again first. The others are left alone.
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
   * Checks token and mailbox, and resolves with what cannot be promised with the permissions at hand. Rejects with what keeps a
   * note from being sent: `AUTHENTICATION_FAILED`, or what the service says about the mailbox.
   */
  verify(from: Mailbox, options: { readonly signal: AbortSignal }): ReturnType<typeof verify> {
    return verify(this.#client, this.#settings, from.address, options.signal);
  }

  /** Ends what still moves copies. */
  async close(): Promise<void> {
    this.#copies.close();
  }
}
