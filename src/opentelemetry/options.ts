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

// The parts of @opentelemetry/api that are used, by shape, so as not to depend on its version.

/** Attributes of a point or a span. */
export type AttributesLike = Record<string, string | number | boolean>;

/** A counter of `@opentelemetry/api`. */
export interface CounterLike {
  /** Adds a value. */
  add(value: number, attributes?: AttributesLike): void;
}

/** A histogram of `@opentelemetry/api`. */
export interface HistogramLike {
  /** Records a value. */
  record(value: number, attributes?: AttributesLike): void;
}

/** An observable gauge of `@opentelemetry/api`. */
export interface GaugeLike {
  /** Not called: identifies a gauge by its shape. */
  addCallback(callback: never): void;
}

/** Receives the values of gauges at each collection. */
export interface ObservationsLike {
  /** Records the value of a gauge. */
  observe(gauge: never, value: number, attributes?: AttributesLike): void;
}

/** The options of an instrument. */
export interface InstrumentLike {
  readonly description: string;
  readonly unit: string;
  readonly advice?: { explicitBucketBoundaries: number[] };
}

/** A meter of `@opentelemetry/api`. */
export interface MeterLike {
  /** Creates a counter. */
  createCounter(name: string, options: InstrumentLike): CounterLike;
  /** Creates a histogram. */
  createHistogram(name: string, options: InstrumentLike): HistogramLike;
  /** Creates a gauge. */
  createObservableGauge(name: string, options: InstrumentLike): GaugeLike;
  /** Calls back at each collection. */
  addBatchObservableCallback(callback: (result: ObservationsLike) => Promise<void>, gauges: never): void;
  /** Removes the callback. */
  removeBatchObservableCallback(callback: (result: ObservationsLike) => Promise<void>, gauges: never): void;
}

/** A `MeterProvider` of `@opentelemetry/api`. */
export interface MeterProviderLike {
  /** The meter of that name. */
  getMeter(name: string, version?: string): MeterLike;
}

/** The options of a span. */
export interface SpanOptionsLike {
  readonly kind: number;
  readonly startTime: Date;
  readonly attributes: AttributesLike;
  readonly links: { context: { traceId: string; spanId: string; traceFlags: number; isRemote: boolean } }[];
}

/** A span of `@opentelemetry/api`. */
export interface SpanLike {
  /** Whether it is sampled: attributes of other spans are never read. */
  isRecording(): boolean;
  /** Adds attributes. */
  setAttributes(attributes: AttributesLike): unknown;
  /** Sets the status, for a failure. */
  setStatus(status: { code: number }): unknown;
  /** Ends it, at that time. */
  end(time?: Date): void;
}

/** A tracer of `@opentelemetry/api`. */
export interface TracerLike {
  /** Starts a span within a context. */
  startSpan(name: string, options: SpanOptionsLike, context: never): SpanLike;
}

/** A `TracerProvider` of `@opentelemetry/api`. */
export interface TracerProviderLike {
  /** The tracer of that name. */
  getTracer(name: string, version?: string): TracerLike;
}

/** The parts of an `OfflineImSender` that are observed. */
export interface ObservedSender {
  /** As `OfflineImSender.on()`. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): unknown;
  /** As `OfflineImSender.off()`. */
  off<Name extends EventName>(name: Name, listener: Listener<Name>): unknown;
  /** As `OfflineImSender.stats()`. */
  stats(options?: StatsOptions): Promise<SenderStats>;
}

/** Options of `openTelemetry()`. */
export interface OpenTelemetryOptions {
  /** Provides the meter; `false`: no metrics. @default the global one of `@opentelemetry/api` at the time of the call */
  readonly meterProvider?: MeterProviderLike | false | undefined;
  /** Provides the tracer; `false`: no spans. @default the global one of `@opentelemetry/api` */
  readonly tracerProvider?: TracerProviderLike | false | undefined;
  /** Attributes of every point and span, such as this sender's name if a process has several. @default {} */
  readonly attributes?: AttributesLike | undefined;
  /**
   * Adds the sender's mailbox as `offline_im.mailbox` to spans and to metrics counted per message. Personal data, and a time series per mailbox.
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
