import { asError } from '../../../../core/errors/thrown.ts';
import { messagesNs, soapNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { parseXml, type XmlElement } from '../../../../ews/xml/read.ts';
import type { SimulatorProfile } from '../../schema/profile.ts';
import type { PushTarget, Subscription } from '../../store/change-log.ts';
import type { Timers } from '../../store/time.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { type ChangeSource, eventsOf, writeEvent, writeWatermark } from './events.ts';

/** A notification that was posted, and what came back. */
export interface SentNotification {
  readonly url: string;
  readonly mailbox: string;
  readonly at: Date;
  readonly body: string;
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  readonly answer: string;
  readonly problem: string | undefined;
}

/** The exchange whose changes are told. */
interface Notifying extends ChangeSource {
  readonly timers: Timers;
  readonly profile: SimulatorProfile;
}

type PushFetch = (url: string, init: RequestInit) => Promise<Response>;

/** Exchange tries again after 30 s, then each time after twice as long. */
const firstRetry = 30_000;
/** A callback that says nothing for so long has not answered. */
const pushTimeout = 30_000;

/** Posts to the addresses of push subscriptions what happened in their mailboxes: one request at a time for each, the first at once. */
export class PushNotifier {
  onSent: (sent: SentNotification) => void = () => undefined;
  readonly #exchange: Notifying;
  readonly #fetch: PushFetch;
  /** By subscription: what ends its timers. */
  readonly #ends = new Map<string, () => void>();
  #stop = new AbortController();
  #underWay = 0;

  constructor(exchange: Notifying, fetch: PushFetch = (url, init) => globalThis.fetch(url, init)) {
    this.#exchange = exchange;
    this.#fetch = fetch;
  }

  /** Posts that nobody has answered yet. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Tells that subscription from now on, until it is gone from the registry. `greets`: with a first notification, as to a new one. */
  serve(subscription: Subscription, greets = true): void {
    const { push } = subscription;
    const mailbox = this.#exchange.find(subscription.mailbox);
    if (push === undefined || mailbox === undefined) return;
    const { signal } = this.#stop;
    const { timers, registry } = this.#exchange;
    let busy = false;
    let failures = 0;
    let silence = (): void => undefined;
    let stopTimer = (): void => undefined;
    const end = (): void => {
      silence();
      stopTimer();
      this.#ends.delete(subscription.id);
    };
    this.#ends.set(subscription.id, end);
    const isOver = (): boolean => {
      const over = signal.aborted || registry.subscriptions.get(subscription.id) !== subscription;
      if (over) end();
      return over;
    };
    const later = (delay: number, step: () => void): void => {
      stopTimer();
      stopTimer = timers.after(delay, step, false);
    };
    const tell = (evenIfNothing: boolean, again = false): void => {
      if (busy || (failures > 0 && !again) || isOver()) return;
      const news = this.#newsOf(subscription);
      if (news.events === '' && !evenIfNothing) return;
      busy = true;
      void this.#post(subscription, push, news.body, signal).then((answer) => {
        busy = false;
        if (isOver()) return;
        if (answer === 'unsubscribe') {
          registry.subscriptions.delete(subscription.id);
          end();
        } else if (answer === 'ok') {
          failures = 0;
          subscription.told = news.seq;
          later(push.statusFrequency, () => tell(true));
          tell(false);
        } else {
          const pause = firstRetry * 2 ** failures;
          failures += 1;
          // All pauses together last as long as the client said it may be told nothing.
          if (pause - firstRetry < push.statusFrequency) later(pause, () => tell(true, true));
          else {
            registry.subscriptions.delete(subscription.id);
            end();
          }
        }
      });
    };
    silence = mailbox.changes.listen(() => queueMicrotask(() => tell(false)));
    if (greets) queueMicrotask(() => tell(true));
    else later(push.statusFrequency, () => tell(true));
  }

  /** That one is told nothing more. A timer of its would keep the process alive until it was due. */
  forget(id: string): void {
    this.#ends.get(id)?.();
  }

  /** Lets go of all of them, and of what is under way. */
  stop(): void {
    for (const end of [...this.#ends.values()]) end();
    this.#stop.abort();
    this.#stop = new AbortController();
  }

  /** After `stop()`: serves those that the registry has. */
  resume(): void {
    for (const subscription of this.#exchange.registry.subscriptions.values()) this.serve(subscription, false);
  }

  #newsOf(subscription: Subscription): { readonly body: string; readonly events: string; readonly seq: number } {
    const { told, id } = subscription;
    const news = seen(() => eventsOf(subscription, told, this.#exchange)) ?? {
      events: [],
      seq: this.#exchange.registry.seq,
      more: false,
    };
    const events = news.events.map((change) => writeEvent(change, this.#exchange, true)).join('');
    const shown =
      events === '' ? `<t:StatusEvent><t:Watermark>${writeWatermark(news.seq)}</t:Watermark></t:StatusEvent>` : events;
    const notification =
      `<m:Notification><t:SubscriptionId>${id}</t:SubscriptionId><t:PreviousWatermark>${writeWatermark(told)}</t:PreviousWatermark>` +
      `<t:MoreEvents>${news.more}</t:MoreEvents>${shown}</m:Notification>`;
    const message = `<m:SendNotificationResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>${notification}</m:SendNotificationResponseMessage>`;
    const version = `<t:RequestServerVersion Version="${this.#exchange.profile.newestSchema}"/>`;
    const body =
      `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="${soapNs}" xmlns:m="${messagesNs}" xmlns:t="${typesNs}"><s:Header>${version}</s:Header>` +
      `<s:Body><m:SendNotification><m:ResponseMessages>${message}</m:ResponseMessages></m:SendNotification></s:Body></s:Envelope>`;
    return { body, events, seq: news.seq };
  }

  async #post(
    { mailbox }: Subscription,
    { url }: PushTarget,
    body: string,
    stopped: AbortSignal,
  ): Promise<'ok' | 'unsubscribe' | 'failed'> {
    const at = this.#exchange.registry.now();
    const headers = { 'content-type': 'text/xml; charset=utf-8' };
    this.#underWay += 1;
    let [status, answer, problem]: [number | undefined, string, string | undefined] = [undefined, '', undefined];
    try {
      const signal = AbortSignal.any([stopped, AbortSignal.timeout(pushTimeout)]);
      const response = await this.#fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
      status = response.status;
      answer = (await response.text()).slice(0, 65_536);
    } catch (error) {
      problem = `The push notification did not reach its address: ${asError(error).message}.`;
    } finally {
      this.#underWay -= 1;
    }
    if (stopped.aborted) return 'failed';
    const said = status === 200 ? statusIn(answer) : undefined;
    if (problem === undefined && said === undefined) {
      problem = `The response to the push notification has no SubscriptionStatus, OK or Unsubscribe (HTTP ${status}).`;
    }
    try {
      this.onSent({ url, mailbox, at, body, status, answer, problem });
    } catch {
      // A hook of the host's that throws: no request waits for it, and the subscription goes on.
    }
    return said ?? 'failed';
  }
}

function seen<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof EwsItemError) return undefined;
    throw error;
  }
}

/** What the client wants, whatever the prefixes of its answer. */
function statusIn(answer: string): 'ok' | 'unsubscribe' | undefined {
  let root: XmlElement;
  try {
    root = parseXml(answer);
  } catch {
    return undefined;
  }
  const find = (element: XmlElement): string | undefined => {
    if (element.name === 'SubscriptionStatus') return element.text.trim();
    for (const inner of element.children) {
      const found = find(inner);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const status = find(root);
  return status === 'OK' ? 'ok' : status === 'Unsubscribe' ? 'unsubscribe' : undefined;
}
