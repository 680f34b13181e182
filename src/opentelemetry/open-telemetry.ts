import { metrics as globalMetrics, trace as globalTrace } from '@opentelemetry/api';
import { checkArgument, maybeObject, objectWith } from '../core/arguments.ts';
import { formatTraceparent } from '../core/trace-context.ts';
import type { Logger } from '../observability/trace.ts';
import { Metrics } from './metrics.ts';
import { type ObservedSender, type OpenTelemetryOptions, readTelemetryOptions } from './options.ts';
import { requestsLogger } from './requests.ts';
import { recordSpans } from './spans.ts';

/** The result of {@link openTelemetry}. */
export interface OpenTelemetry {
  /**
   * Counts and times what a sender does, and creates a span per attempt of a note, until the returned function is called. A process with several senders
   * calls {@link openTelemetry} for each, with `attributes` that distinguish them.
   * @throws {OfflineImError} `OPTION_INVALID` if it is not a sender
   */
  observe(sender: ObservedSender): () => void;
  /**
   * A logger for the transport's option `logger`: it times the requests, and passes all records on.
   * @param next Where records go. @default nowhere
   */
  logger(next?: Logger): Logger;
}

const scope = 'offline-im';

/**
 * Metrics and traces of a sender for OpenTelemetry: docs/metrics-and-traces.md lists them. Register your SDK first. `@opentelemetry/api` is an optional peer.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 * @example
 * ```ts
 * const telemetry = openTelemetry();
 * const transport = new EwsTransport({ url, credentials, logger: telemetry.logger() });
 * const sender = new OfflineImSender({ identity, client, spool, transport });
 * const forget = telemetry.observe(sender);
 * await sender.send(message, { traceparent: activeTraceparent() });
 * ```
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetry {
  const { meterProvider, tracerProvider, attributes, mailboxes } = readTelemetryOptions(options);
  const meters = meterProvider ?? globalMetrics.getMeterProvider();
  const tracers = tracerProvider ?? globalTrace.getTracerProvider();
  const context = { attributes, mailboxes };
  const metrics = meters === false ? undefined : new Metrics(meters.getMeter(scope), context);
  const tracer = tracers === false ? undefined : tracers.getTracer(scope);
  return {
    observe(sender) {
      checkArgument(
        'observe()',
        'sender',
        sender,
        objectWith('an OfflineImSender', { on: 'function', off: 'function', stats: 'function' }),
      );
      const forget = [metrics?.observe(sender), tracer && recordSpans(tracer, sender, context)];
      return () => {
        for (const one of forget) one?.();
      };
    },
    logger(next) {
      checkArgument('logger()', 'next', next, maybeObject('a logger or nothing'));
      return requestsLogger(metrics, next);
    },
  };
}

/** The trace context of the active span, for `send(message, { traceparent })`; `undefined` without one. */
export function activeTraceparent(): string | undefined {
  const context = globalTrace.getActiveSpan()?.spanContext();
  return context === undefined || !globalTrace.isSpanContextValid(context) ? undefined : formatTraceparent(context);
}
