import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, type Sampler, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { openTelemetry } from '../../src/opentelemetry/open-telemetry.ts';
import type { OpenTelemetryOptions } from '../../src/opentelemetry/options.ts';

/** The OpenTelemetry SDK, with exporters that keep their input. */
export function telemetryScene(options: OpenTelemetryOptions = {}, sampler?: Sampler) {
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 86_400_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const spanExporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spanExporter)],
    ...(sampler === undefined ? {} : { sampler }),
  });
  /** Current points of every metric: value, or count and sum, by its attributes. */
  const points = async (): Promise<ReadonlyMap<string, readonly { readonly attributes: object; readonly value: unknown }[]>> => {
    metricExporter.reset();
    await reader.forceFlush();
    const metrics = metricExporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: all }) => all));
    return new Map(metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]));
  };
  return {
    telemetry: openTelemetry({ meterProvider, tracerProvider, ...options }),
    points,
    spans: () => spanExporter.getFinishedSpans(),
    end: () => meterProvider.shutdown(),
  };
}
