import type { EventName, Listener, OfflineImEvents } from '../observability/events.ts';
import { spoolStates } from '../spool/contract.ts';
import { type Instruments, instrumentsOf } from './instruments.ts';
import type { AttributesLike, CounterLike, MeterLike, ObservationsLike, ObservedSender } from './options.ts';
import { type Series, Tally } from './tally.ts';

/** Events that are only counted, by the name after the colon. */
const counted = [
  'message:spooled',
  'message:refused',
  'message:duplicate',
  'message:deferred',
  'message:unconfirmed',
  'message:dead',
  'message:held',
  'message:cancelled',
] as const satisfies readonly EventName[];

type Counted = (typeof counted)[number] | 'message:picked-up' | 'message:delivered';

/** The key for a missing code or mailbox. */
const none = '';

/** Servers choose their codes: beyond any plausible number, no more series are kept. */
const mostKept = 1_000;

/** The metrics of messages and requests. */
export class Metrics {
  readonly #meter: MeterLike;
  readonly #instruments: Instruments;
  readonly #common: AttributesLike;
  readonly #mailboxes: boolean;
  readonly #tally = new Tally();
  /** Series by operation or event, then by code, then by mailbox. Avoids building a key per message. */
  readonly #kept = new Map<string, Map<string, Map<string, Series>>>();
  #keptCount = 0;

  constructor(meter: MeterLike, { attributes, mailboxes }: { readonly attributes: AttributesLike; readonly mailboxes: boolean }) {
    this.#meter = meter;
    this.#instruments = instrumentsOf(meter);
    this.#common = attributes;
    this.#mailboxes = mailboxes;
  }

  request(operation: string, ms: number, error: string | undefined): void {
    this.#instruments.requests.record(ms / 1_000, this.#operation(operation, error).attributes);
  }

  batch(notes: number): void {
    this.#instruments.batches.record(notes, this.#common);
  }

  /** @returns what ends it */
  observe(sender: ObservedSender): () => void {
    const { lateness, deliveryTime, attempts } = this.#instruments;
    const forget = [
      ...counted.map((name) => listen(sender, name, (event) => this.#count(name, event))),
      listen(sender, 'message:picked-up', (event) => {
        this.#count('message:picked-up', event);
        if (event.attempt === 1) lateness.record(event.late / 1_000, this.#common);
      }),
      listen(sender, 'message:delivered', (event) => {
        this.#count('message:delivered', event);
        deliveryTime.record(event.took / 1_000, this.#common);
        attempts.record(event.attempt, this.#common);
      }),
      listen(sender, 'note:settled', ({ kind, entries, code }) => {
        if (kind === 'deliver') this.#tally.add(this.#operation('send', code), entries);
      }),
      this.#gauges(sender),
    ];
    return () => {
      for (const one of forget) one();
    };
  }

  #count<Name extends Counted>(name: Name, event: OfflineImEvents[Name]): void {
    const code = 'code' in event ? event.code : undefined;
    const lane = this.#mailboxes && 'lane' in event ? event.lane : undefined;
    const series = this.#series(this.#instruments.messages, name, code, lane, () => ({
      'offline_im.event': name.slice('message:'.length),
      ...(code === undefined ? {} : { 'error.type': code }),
      ...(lane === undefined ? {} : { 'offline_im.mailbox': lane }),
    }));
    this.#tally.add(series, 1);
  }

  #operation(operation: string, error: string | undefined): Series {
    return this.#series(this.#instruments.sent, operation, error, undefined, () => ({
      'messaging.system': 'exchange',
      'messaging.operation.name': operation,
      ...(error === undefined ? {} : { 'error.type': error }),
    }));
  }

  #series(counter: CounterLike, what: string, code = none, lane = none, make: () => AttributesLike): Series {
    const kept = this.#kept.get(what)?.get(code)?.get(lane);
    if (kept !== undefined) return kept;
    const made: Series = { counter, attributes: { ...this.#common, ...make() }, untold: 0 };
    if (this.#keptCount < mostKept) {
      this.#keptCount += 1;
      const byCode = child(this.#kept, what);
      child(byCode, code).set(lane, made);
    }
    return made;
  }

  /** Reads gauges at each collection, at the cost of `stats({ limit: 1 })`. A stopped sender has none. */
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

function child<Inner>(kept: Map<string, Map<string, Inner>>, key: string): Map<string, Inner> {
  const found = kept.get(key) ?? new Map<string, Inner>();
  kept.set(key, found);
  return found;
}
