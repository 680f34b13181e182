import { systemClock } from '../../core/clock.ts';
import { domainOf } from '../../core/domain.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { NtlmLogin } from './access/ntlm-login.ts';
import type { SimulatedTokens } from './access/tokens.ts';
import { type AnswerByHand, type CoreOptions, SimulatorCore } from './core.ts';
import type { OutboundMessage } from './exchange.ts';
import type { Faults } from './faults/faults.ts';
import { makeCertificate } from './http/certificate.ts';
import { type HttpFront, listen } from './http/server.ts';
import type { JournalEntry } from './journal.ts';
import type { SimulatedItem } from './store/item.ts';
import type { SimulatedMailbox } from './store/mailbox.ts';
import type { MailboxOptions } from './store/mailbox-options.ts';

/** Options of {@link startExchangeSimulator}. */
export interface ExchangeSimulatorOptions extends CoreOptions {
  /**
   * Port to listen on; 0 takes a free one.
   * @default 0
   */
  readonly port?: number;
  /**
   * Address to listen on. The simulator is a test server: leave it on the loopback interface.
   * @default '127.0.0.1'
   */
  readonly host?: string;
  /**
   * Lets web pages call: those of any origin (`true`), or of one (`'http://127.0.0.1:8080'`). Their browser asks first, with an
   * OPTIONS request that the journal does not show. A real Exchange does not do this unless someone configured it.
   *
   * @default false
   */
  readonly cors?: boolean | string;
  /**
   * Speaks https: with that key and certificate (PEM), or with ones made for this server (`true`), whose authority is
   * `exchange.ca`. Both doors change to it.
   *
   * @default false
   */
  readonly tls?: boolean | { readonly key: string; readonly cert: string };
}

/** A running simulator. {@link startExchangeSimulator} makes one. */
export class ExchangeSimulator {
  /** What an EWS client is configured with, such as `http://127.0.0.1:40123/EWS/Exchange.asmx`. */
  readonly url: string;
  /** Root of Microsoft Graph at the same Exchange, without a version: what a `GraphTransport` takes as its `root`. */
  readonly graphUrl: string;
  /** With `tls`: the certificate (PEM) that clients have to trust, as `NODE_EXTRA_CA_CERTS` or the `ca` of an agent. */
  readonly ca: string | undefined;
  readonly #core: SimulatorCore;
  readonly #front: HttpFront;
  #closed: Promise<void> | undefined;

  constructor(core: SimulatorCore, front: HttpFront, url: string, ca?: string) {
    this.ca = ca;
    this.#core = core;
    this.#front = front;
    this.url = url;
    this.graphUrl = new URL(url).origin;
  }

  /** Makes the server misbehave. */
  get faults(): Faults {
    return this.#core.faults;
  }

  /** Every request since the start or the last `reset()`, oldest first. The list is live. */
  get journal(): readonly JournalEntry[] {
    return this.#core.journal.entries;
  }

  /** Messages that left for domains outside, where no mailbox is simulated. */
  get outbound(): readonly OutboundMessage[] {
    return this.#core.exchange.outbound;
  }

  /** Bearer tokens that are good here: issue and revoke them while the server runs. `reset()` leaves them alone. */
  get tokens(): SimulatedTokens {
    return this.#core.tokens;
  }

  /** How many connections clients have opened since the start. */
  get connections(): number {
    return this.#front.connections;
  }

  /** Ends every connection, as an idle limit or a restart does. Logins that belong to connections end with them. */
  disconnect(): void {
    this.#front.disconnect();
  }

  get mailboxes(): readonly SimulatedMailbox[] {
    return this.#core.exchange.mailboxes;
  }

  /** How many late copies and other delayed events are still to come. */
  get pending(): number {
    return this.#core.exchange.timers.size;
  }

  /** A mailbox by address; throws `OPTION_INVALID` when it is not simulated. */
  mailbox(address: string): SimulatedMailbox {
    const mailbox = this.#core.exchange.find(address);
    if (mailbox === undefined) throw new OfflineImError('OPTION_INVALID', `There is no mailbox ${address} in the simulator.`);
    return mailbox;
  }

  /** One mailbox more, while the server runs. */
  addMailbox(options: string | MailboxOptions): SimulatedMailbox {
    return this.#core.exchange.addMailbox(options);
  }

  /**
   * Moves a mailbox to the other side, items and all: their ids change, and with its location the door that serves it.
   * `during`: for so many ms by the clock both doors say that it is being moved; then it has.
   */
  moveMailbox(address: string, location: 'exchange-online' | 'on-premises', options: { readonly during?: number } = {}): void {
    this.#core.exchange.moveMailbox(address, location, options.during ?? 0);
  }

  /**
   * The first message in any Inbox that the predicate accepts, now or later. Copies, drafts and messages for the outside are
   * not looked at. The time-out, 5 s by default, runs by the machine's clock even when the simulator has a manual one.
   *
   * @example
   * ```ts
   * const item = await exchange.waitForMessage((m) => m.mailbox === 'bob@contoso.test', { timeout: 2000 });
   * ```
   */
  async waitForMessage(
    predicate: (item: SimulatedItem) => boolean,
    options: { readonly timeout?: number } = {},
  ): Promise<SimulatedItem> {
    for (const mailbox of this.mailboxes) {
      for (const item of mailbox.folder('inbox').values()) if (predicate(item)) return item;
    }
    return this.#core.exchange.arrivals.next(predicate, options.timeout ?? 5000);
  }

  /**
   * Answers an operation by hand, until `reset()`: for what is not simulated, or to say what no server says.
   *
   * @throws OPTION_INVALID for a name that the schema has not.
   *
   * @example
   * ```ts
   * exchange.answer('GetUserPhoto', () => '<m:GetUserPhotoResponse ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode></m:GetUserPhotoResponse>');
   * ```
   */
  answer(operation: string, handler: AnswerByHand): void {
    this.#core.answer(operation, handler);
  }

  /** As new: no items, no folders but the usual ones, no faults, no journal. Item ids are never used again. */
  reset(): void {
    this.#core.reset();
  }

  /** Destroys every connection, cancels every timer, stops listening. */
  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #end(): Promise<void> {
    this.#core.close();
    await this.#front.close();
  }
}

/**
 * Starts an Exchange to test against: a real HTTP server on the loopback interface that speaks EWS, delivers between its
 * mailboxes, and breaks where a test says so.
 *
 * @example
 * ```ts
 * await using exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
 * exchange.faults.on('CreateItem').nth(2).serverBusy({ backOff: 5000 });
 * // … point the code under test at exchange.url …
 * exchange.mailbox('bob@contoso.test').missedConversations();
 * ```
 */
export async function startExchangeSimulator(options: ExchangeSimulatorOptions): Promise<ExchangeSimulator> {
  const [first] = options.mailboxes;
  const domain = domainOf(typeof first === 'string' ? first : (first?.address ?? 'contoso.test'));
  const names = { domain: domain.split('.')[0]?.toUpperCase() ?? '', dnsDomain: domain, computer: 'SIMULATOR' };
  const core = new SimulatorCore(options, new NtlmLogin(names, options.clock ?? systemClock));
  const host = options.host ?? '127.0.0.1';
  const { clock, profile } = core.exchange;
  const tls = options.tls === true ? makeCertificate(Date.now()) : options.tls === false ? undefined : options.tls;
  const front = await listen({
    host,
    port: options.port ?? 0,
    clock,
    maxRequestBytes: Math.max(profile.maxRequestBytes, 4 * 1024 * 1024),
    cors: options.cors ?? false,
    tls,
    handle: (request) => core.handle(request),
  });
  const scheme = tls === undefined ? 'http' : 'https';
  const authority = host.includes(':') ? `[${host}]` : host;
  return new ExchangeSimulator(core, front, `${scheme}://${authority}:${front.port}/EWS/Exchange.asmx`, tls?.cert);
}
