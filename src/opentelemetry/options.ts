import { isArray } from '../core/errors/thrown.ts';
import {
  byDefault,
  flag,
  having,
  type OptionRule,
  optional,
  type ReadOptions,
  type RulesFor,
  readOptions,
  rule,
} from '../core/options.ts';
import type { EventName, Listener } from '../observability/events.ts';
import type { SenderStats, StatsOptions } from '../observability/stats.ts';

// What is used of @opentelemetry/api, by shape: so no version of it is bound to ours.

/** Attributes of a point or a span. */
export type AttributesLike = Record<string, string | number | boolean>;

/** A counter of `@opentelemetry/api`, as far as it is used. */
export interface CounterLike {
  /** Adds a value. */
  add(value: number, attributes?: AttributesLike): void;
}

/** A histogram of `@opentelemetry/api`, as far as it is used. */
export interface HistogramLike {
  /** Records a value. */
  record(value: number, attributes?: AttributesLike): void;
}

/** An observable gauge of `@opentelemetry/api`, as far as it is used. */
export interface GaugeLike {
  /** Not called: its shape tells a gauge. */
  addCallback(callback: never): void;
}

/** What takes the values of gauges when they are collected. */
export interface ObservationsLike {
  /** Takes the value of a gauge. */
  observe(gauge: never, value: number, attributes?: AttributesLike): void;
}

/** What an instrument is said to be. */
export interface InstrumentLike {
  readonly description: string;
  readonly unit: string;
  readonly advice?: { explicitBucketBoundaries: number[] };
}

/** A meter of `@opentelemetry/api`, as far as it is used. */
export interface MeterLike {
  /** Makes a counter. */
  createCounter(name: string, options: InstrumentLike): CounterLike;
  /** Makes a histogram. */
  createHistogram(name: string, options: InstrumentLike): HistogramLike;
  /** Makes a gauge. */
  createObservableGauge(name: string, options: InstrumentLike): GaugeLike;
  /** Calls back at each collection. */
  addBatchObservableCallback(callback: (result: ObservationsLike) => Promise<void>, gauges: never): void;
  /** Ends that. */
  removeBatchObservableCallback(callback: (result: ObservationsLike) => Promise<void>, gauges: never): void;
}

/** A `MeterProvider` of `@opentelemetry/api`, as far as it is used. */
export interface MeterProviderLike {
  /** The meter of that name. */
  getMeter(name: string, version?: string): MeterLike;
}

/** How a span is begun. */
export interface SpanOptionsLike {
  readonly kind: number;
  readonly startTime: Date;
  readonly attributes: AttributesLike;
  readonly links: { context: { traceId: string; spanId: string; traceFlags: number; isRemote: boolean } }[];
}

/** A span of `@opentelemetry/api`, as far as it is used. */
export interface SpanLike {
  /** Whether it is sampled: what one is told that is not, nobody reads. */
  isRecording(): boolean;
  /** Says more of it. */
  setAttributes(attributes: AttributesLike): unknown;
  /** Says that it failed. */
  setStatus(status: { code: number }): unknown;
  /** Ends it, at that time. */
  end(time?: Date): void;
}

/** A tracer of `@opentelemetry/api`, as far as it is used. */
export interface TracerLike {
  /** Begins a span within a context. */
  startSpan(name: string, options: SpanOptionsLike, context: never): SpanLike;
}

/** A `TracerProvider` of `@opentelemetry/api`, as far as it is used. */
export interface TracerProviderLike {
  /** The tracer of that name. */
  getTracer(name: string, version?: string): TracerLike;
}

/** What is observed of a sender: an `OfflineImSender`. */
export interface ObservedSender {
  /** As `OfflineImSender.on()`. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): unknown;
  /** As `OfflineImSender.off()`. */
  off<Name extends EventName>(name: Name, listener: Listener<Name>): unknown;
  /** As `OfflineImSender.stats()`. */
  stats(options?: StatsOptions): Promise<SenderStats>;
}

/** Where metrics and spans go, and what they say. */
export interface OpenTelemetryOptions {
  /** Makes the meter; `false`: no metrics. @default the global one of `@opentelemetry/api`, as it is at this call */
  readonly meterProvider?: MeterProviderLike | false | undefined;
  /** Makes the tracer; `false`: no spans. @default the global one of `@opentelemetry/api` */
  readonly tracerProvider?: TracerProviderLike | false | undefined;
  /** Attributes of every point and span, such as the name of this sender where a process has several. @default {} */
  readonly attributes?: AttributesLike | undefined;
  /**
   * Says the sender's mailbox as `offline_im.mailbox` on spans, and on what is counted by message. Personal data, and a time series for each mailbox.
   * @default false
   */
  readonly mailboxes?: boolean | undefined;
}

function orFalse<T extends object>(provider: OptionRule<T>): OptionRule<T | false> {
  const expected = `${provider.expected} or false`;
  return { expected, read: (value, path) => (value === false ? false : provider.read(value, path)) };
}

const kinds = ['string', 'number', 'boolean'];
const attributes = rule<AttributesLike>(
  'an object of strings, numbers and booleans',
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !isArray(value) &&
    Object.values(value).every((one) => kinds.includes(typeof one)),
);

const rules = {
  meterProvider: optional(orFalse(having<MeterProviderLike>('a MeterProvider', ['getMeter']))),
  tracerProvider: optional(orFalse(having<TracerProviderLike>('a TracerProvider', ['getTracer']))),
  attributes: byDefault(attributes, {}),
  mailboxes: byDefault(flag(), false),
} satisfies RulesFor<OpenTelemetryOptions>;

/** @throws {OfflineImError} `OPTION_INVALID` */
export function readTelemetryOptions(given: unknown): ReadOptions<typeof rules> {
  return readOptions('openTelemetry()', given, rules);
}
