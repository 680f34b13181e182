import { checkArgument, objectWith } from '../../core/arguments.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { rule } from '../../core/options.ts';
import { domainOf } from '../../core/text.ts';
import { Quotas } from './access/quotas.ts';
import { Throttle, type ThrottlingOptions } from './access/throttle.ts';
import { RuleBook } from './operations/rules/rule-book.ts';
import { PushNotifier } from './operations/sync/push.ts';
import { type ProfileOption, profileOf, type SimulatorProfile } from './schema/profile.ts';
import type { MessageContent, SimulatedItem } from './store/item.ts';
import { SimulatedMailbox } from './store/mailbox.ts';
import type { MailboxOptions } from './store/mailbox-options.ts';
import { messageFlag } from './store/message-flags.ts';
import { Registry } from './store/registry.ts';
import { InboxWaiters, Timers } from './store/time.ts';

/** The organisation to simulate. */
export interface ExchangeOptions {
  /** Mailboxes of the server, as addresses or with options. */
  readonly mailboxes: readonly (string | MailboxOptions)[];
  /**
   * Which Exchange it simulates.
   * @default 'exchange-2016'
   */
  readonly profile?: ProfileOption;
  /**
   * Domains inside the organisation: between their mailboxes, class and named properties are kept. Mailboxes of other domains
   * can be simulated too, and count as federated.
   * @default the domains of all mailboxes
   */
  readonly organization?: readonly string[];
  /**
   * Distribution lists: the members of each address, which may be lists themselves.
   * @default none
   */
  readonly distributionLists?: Readonly<Record<string, readonly string[]>>;
  /**
   * The clock of late copies, delays and timestamps.
   * @default the machine's
   */
  readonly clock?: Clock;
  /**
   * Every saved copy appears this many ms after the send, by the clock.
   * @default 0
   */
  readonly lateCopies?: number;
  /**
   * EWS serves mailboxes in Exchange Online too, as it does for tenants that keep it until 2027-04-01.
   * @default false
   */
  readonly ewsEnabled?: boolean;
  /** How Graph's sendMail behaves. */
  readonly graph?: GraphBehaviour;
  /**
   * Limits of each account in EWS; beyond them the response is `ErrorServerBusy`.
   * @default none
   * @example
   * ```ts
   * { requests: { burst: 20, perMinute: 120 }, messages: { burst: 5, perMinute: 30 }, concurrency: 3 }
   * ```
   */
  readonly throttling?: ThrottlingOptions;
  /**
   * Sends the notifications of push subscriptions to the addresses of the clients.
   * @default the platform's `fetch`
   */
  readonly pushFetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** What happens after the 202 of sendMail, and how many requests are accepted. Durations are ms by the clock. */
export interface GraphBehaviour {
  /** From the 202 until the message in Drafts is handed over for sending. @default 0 */
  readonly submitAfter?: number;
  /** From the 202 until it has left. @default `submitAfter` */
  readonly sendAfter?: number;
  /** From the 202 until it is in Sent Items, under a new id. @default `sendAfter` */
  readonly moveAfter?: number;
  /** Concurrent requests for a mailbox; further ones get 429. @default 4 */
  readonly mailboxConcurrency?: number;
  /** `Retry-After` of that 429, in seconds; `false`: none. @default 1 */
  readonly throttledRetryAfter?: number | false;
}

/** A message to a domain that is not simulated. */
export interface OutboundMessage {
  readonly sender: string;
  readonly recipient: string;
  /** As it left: class `IPM.Note`, no named properties. */
  readonly content: MessageContent;
  readonly at: Date;
}

/** The state of the simulated organisation: mailboxes, what left it, and what is yet to happen. */
export class Exchange {
  readonly profile: SimulatorProfile;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly timers: Timers;
  readonly waiters = new InboxWaiters();
  readonly outbound: OutboundMessage[] = [];
  readonly lateCopies: number;
  readonly ewsEnabled: boolean;
  readonly graph: Required<GraphBehaviour>;
  readonly throttle: Throttle;
  readonly quotas = new Quotas();
  /** Of items that somebody has made in another mailbox: whose they are. */
  readonly creators = new Map<string, string>();
  readonly push: PushNotifier;
  /** Members by the address of the list, all lower case. */
  readonly distributionLists: ReadonlyMap<string, readonly string[]>;
  readonly #mailboxes = new Map<string, SimulatedMailbox>();
  readonly #rules = new Map<SimulatedMailbox, RuleBook>();
  readonly #organization: ReadonlySet<string> | undefined;

  constructor(options: ExchangeOptions) {
    this.profile = profileOf(options.profile);
    this.clock = options.clock ?? systemClock;
    this.registry = new Registry(this.clock);
    this.timers = new Timers(this.clock);
    this.registry.arrived = (item) => this.#arrived(item);
    this.lateCopies = options.lateCopies ?? 0;
    this.ewsEnabled = options.ewsEnabled ?? false;
    this.graph = graphBehaviour(options.graph);
    this.push = new PushNotifier(this, options.pushFetch);
    this.throttle = new Throttle(options.throttling ?? {}, this.clock);
    this.distributionLists = new Map(
      Object.entries(options.distributionLists ?? {}).map(([list, members]) => [
        list.toLowerCase(),
        members.map((one) => one.toLowerCase()),
      ]),
    );
    this.#organization = options.organization && new Set(options.organization.map((d) => d.toLowerCase()));
    for (const mailbox of options.mailboxes) this.addMailbox(mailbox);
  }

  get mailboxes(): readonly SimulatedMailbox[] {
    return [...this.#mailboxes.values()];
  }

  addMailbox(option: string | MailboxOptions): SimulatedMailbox {
    const options = typeof option === 'string' ? { address: option } : option;
    const key = options.address.toLowerCase();
    if (!/^[^@\s]+@[^@\s]+$/.test(key)) {
      throw new OfflineImError('OPTION_INVALID', `mailboxes: "${options.address}" is not an SMTP address.`);
    }
    if (this.#mailboxes.has(key)) throw new OfflineImError('OPTION_INVALID', `mailboxes: ${key} is listed twice.`);
    const mailbox = new SimulatedMailbox(options, this.registry, this.profile.conversationHistory);
    this.#mailboxes.set(key, mailbox);
    this.#rules.set(mailbox, new RuleBook(mailbox, options.rules ?? []));
    this.quotas.set(mailbox, options.quota);
    return mailbox;
  }

  find(address: string): SimulatedMailbox | undefined {
    return this.#mailboxes.get(address.toLowerCase());
  }

  /** The rules of its Inbox. */
  rulesOf(mailbox: SimulatedMailbox): RuleBook {
    const book = this.#rules.get(mailbox) ?? new RuleBook(mailbox, []);
    this.#rules.set(mailbox, book);
    return book;
  }

  /** By address or alias: where mail to it arrives. */
  recipient(address: string): SimulatedMailbox | undefined {
    const alias = address.toLowerCase();
    return this.find(alias) ?? this.mailboxes.find(({ aliases }) => aliases.includes(alias));
  }

  /** The mailbox and all that lies in it move: ids change, and so does the door that serves it. `during`: ms that this takes. */
  moveMailbox(address: string, location: 'exchange-online' | 'on-premises', during = 0): void {
    const mailbox = this.find(address);
    if (mailbox === undefined) throw new OfflineImError('OPTION_INVALID', `There is no mailbox ${address} in the simulator.`);
    mailbox.moving = during > 0;
    this.timers.after(during, () => {
      mailbox.moving = false;
      mailbox.location = location;
      mailbox.renewIds();
    });
  }

  /** Whether an address belongs to the organisation, known or not. */
  isInside(address: string): boolean {
    const domain = domainOf(address);
    if (this.#organization !== undefined) return this.#organization.has(domain);
    for (const mailbox of this.#mailboxes.keys()) if (domainOf(mailbox) === domain) return true;
    return false;
  }

  /** Remembers the mailboxes and what is yet to happen; the function returned brings that back. */
  snapshot(): () => void {
    const mailboxes = [...this.#mailboxes].map(([key, mailbox]) => ({ key, mailbox, restore: mailbox.snapshot() }));
    const [outbound, creators] = [[...this.outbound], [...this.creators]];
    const subscriptions = [...this.registry.subscriptions.values()].map((one) => ({ ...one }));
    const [timers, throttle, successors] = [this.timers.snapshot(), this.throttle.snapshot(), this.registry.snapshot()];
    const rules = [...this.#rules.values()].map((book) => ({ book, kept: book.rules }));
    return () => {
      this.push.stop();
      for (const mailbox of this.#mailboxes.values()) {
        mailbox.reset();
        for (const { id } of mailbox.folders) this.registry.folders.delete(id);
      }
      this.#mailboxes.clear();
      for (const { key, mailbox, restore } of mailboxes) {
        this.#mailboxes.set(key, mailbox);
        restore();
      }
      this.outbound.length = 0;
      for (const one of outbound) this.outbound.push(one);
      this.creators.clear();
      for (const [id, creator] of creators) this.creators.set(id, creator);
      this.registry.subscriptions.clear();
      for (const one of subscriptions) this.registry.subscriptions.set(one.id, { ...one });
      for (const mailbox of this.#rules.keys()) if (this.#mailboxes.get(mailbox.address) !== mailbox) this.#rules.delete(mailbox);
      for (const { book, kept } of rules) book.replace(kept);
      for (const restore of [throttle, successors, timers]) restore();
      this.push.resume();
    };
  }

  /** A message that a test lets arrive, where the rules put it. */
  #arrived(item: SimulatedItem): SimulatedItem {
    const mailbox = this.find(item.mailbox);
    if (mailbox === undefined) return item;
    const { folder, read, content } = this.rulesOf(mailbox).plan(item.content, this.registry.now());
    const messageFlags = read ? item.messageFlags | messageFlag.read : item.messageFlags;
    const same = content === item.content && messageFlags === item.messageFlags;
    const changed = same ? item : mailbox.update(item, { content, messageFlags });
    if (folder === undefined) mailbox.remove(changed);
    else if (folder.id !== item.folderId) return mailbox.move(changed, folder);
    else this.waiters.announce(changed);
    return changed;
  }

  reset(): void {
    this.push.stop();
    this.timers.clear();
    this.outbound.length = 0;
    this.creators.clear();
    this.registry.subscriptions.clear();
    this.registry.forgetSuccessors();
    this.throttle.reset();
    for (const mailbox of this.#mailboxes.values()) mailbox.reset();
    for (const rules of this.#rules.values()) rules.reset();
  }
}

/** Domain of the first mailbox. */
export function firstDomain(options: ExchangeOptions): string {
  checkArgument('the simulated Exchange', 'options', options, objectWith('{ mailboxes, … }', {}));
  checkArgument('the simulated Exchange', 'mailboxes', options.mailboxes, rule('an array of addresses', Array.isArray));
  const [first] = options.mailboxes;
  return domainOf(typeof first === 'string' ? first : (first?.address ?? 'contoso.test'));
}

function graphBehaviour(given: GraphBehaviour = {}): Required<GraphBehaviour> {
  const { submitAfter = 0, mailboxConcurrency = 4, throttledRetryAfter = 1 } = given;
  const sendAfter = Math.max(submitAfter, given.sendAfter ?? 0);
  const moveAfter = Math.max(sendAfter, given.moveAfter ?? 0);
  return { submitAfter, sendAfter, moveAfter, mailboxConcurrency, throttledRetryAfter };
}
