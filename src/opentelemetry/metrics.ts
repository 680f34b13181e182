import type { EventName, Listener, OfflineImEvents } from '../observability/events.ts';
import { spoolStates } from '../spool/contract.ts';
import { type Instruments, instrumentsOf } from './instruments.ts';
import type { AttributesLike, MeterLike, ObservationsLike, ObservedSender } from './options.ts';

/** Events that are counted as they are, by the name behind the colon. */
const counted = [
  'message:spooled',
  'message:refused',
  'message:duplicate',
  'message:picked-up',
  'message:delivered',
  'message:deferred',
  'message:unconfirmed',
  'message:dead',
  'message:held',
  'message:cancelled',
] as const satisfies readonly EventName[];

/** What is said of messages and requests in numbers. */
export class Metrics {
  readonly #meter: MeterLike;
  readonly #instruments: Instruments;
  readonly #common: AttributesLike;
  readonly #mailboxes: boolean;
  /** Attributes by what they say: the same object each time costs nothing to make. */
  readonly #kept = new Map<string, AttributesLike>();

  constructor(meter: MeterLike, { attributes, mailboxes }: { readonly attributes: AttributesLike; readonly mailboxes: boolean }) {
    this.#meter = meter;
    this.#instruments = instrumentsOf(meter);
    this.#common = attributes;
    this.#mailboxes = mailboxes;
  }

  request(operation: string, ms: number, error: string | undefined): void {
    const attributes = this.#operation(operation, error);
    this.#instruments.requests.record(ms / 1_000, attributes);
  }

  batch(notes: number): void {
    this.#instruments.batches.record(notes, this.#common);
  }

  /** @returns what ends it */
  observe(sender: ObservedSender): () => void {
    const forget = [
      ...counted.map((name) => listen(sender, name, (event) => this.#count(name, event))),
      listen(sender, 'message:picked-up', ({ attempt, late }) => {
        if (attempt === 1) this.#instruments.lateness.record(late / 1_000, this.#common);
      }),
      listen(sender, 'message:delivered', ({ attempt, took }) => {
        this.#instruments.deliveryTime.record(took / 1_000, this.#common);
        this.#instruments.attempts.record(attempt, this.#common);
      }),
      listen(sender, 'note:settled', ({ kind, entries, code }) => {
        if (kind === 'deliver') this.#instruments.sent.add(entries, this.#operation('send', code));
      }),
      this.#gauges(sender),
    ];
    return () => {
      for (const one of forget) one();
    };
  }

  #count(name: (typeof counted)[number], event: OfflineImEvents[(typeof counted)[number]]): void {
    const code = 'code' in event ? event.code : undefined;
    const lane = this.#mailboxes && 'lane' in event ? event.lane : undefined;
    const attributes = this.#attributes(name, code, lane, () => ({
      'offline_im.event': name.slice('message:'.length),
      ...(code === undefined ? {} : { 'error.type': code }),
      ...(lane === undefined ? {} : { 'offline_im.mailbox': lane }),
    }));
    this.#instruments.messages.add(1, attributes);
  }

  #operation(operation: string, error: string | undefined): AttributesLike {
    return this.#attributes('operation', operation, error, () => ({
      'messaging.system': 'exchange',
      'messaging.operation.name': operation,
      ...(error === undefined ? {} : { 'error.type': error }),
    }));
  }

  #attributes(what: string, one = '', other = '', make: () => AttributesLike): AttributesLike {
    const key = `${what}\n${one}\n${other}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const made = { ...this.#common, ...make() };
    // Codes of servers are theirs to choose: past any number that is one, nothing more is kept.
    if (this.#kept.size < 1_000) this.#kept.set(key, made);
    return made;
  }

  /** Asked when they are collected: what `stats({ limit: 1 })` costs. A sender that has stopped has none. */
  #gauges(sender: ObservedSender): () => void {
    const { entries, oldest, pausedLanes, pausedAll, blocked, unavailable } = this.#instruments;
    const all = [entries, oldest, pausedLanes, pausedAll, blocked, unavailable];
    const collect = async (result: ObservationsLike): Promise<void> => {
      const stats = await sender.stats({ limit: 1 }).catch(() => undefined);
      if (stats === undefined) return;
      const observe = (gauge: (typeof all)[number], value: number, own: AttributesLike = {}): void =>
        result.observe(gauge as never, value, { ...this.#common, ...own });
      for (const state of spoolStates) observe(entries, stats.states[state], { state });
      observe(oldest, (stats.oldest ?? 0) / 1_000);
      observe(pausedLanes, stats.paused.filter(({ lane }) => lane !== undefined).length);
      observe(pausedAll, stats.paused.some(({ lane }) => lane === undefined) ? 1 : 0);
      observe(blocked, stats.blocked.length);
      observe(unavailable, stats.unavailable.length);
    };
    this.#meter.addBatchObservableCallback(collect, all as never);
    return () => this.#meter.removeBatchObservableCallback(collect, all as never);
  }
}

function listen<Name extends EventName>(sender: ObservedSender, name: Name, listener: Listener<Name>): () => void {
  sender.on(name, listener);
  return () => sender.off(name, listener);
}
