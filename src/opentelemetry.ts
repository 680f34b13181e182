export type { OpenTelemetry } from './opentelemetry/open-telemetry.ts';
export { activeTraceparent, openTelemetry } from './opentelemetry/open-telemetry.ts';
export type {
  AttributesLike,
  CounterLike,
  GaugeLike,
  HistogramLike,
  InstrumentLike,
  MeterLike,
  MeterProviderLike,
  ObservationsLike,
  ObservedSender,
  OpenTelemetryOptions,
  SpanLike,
  SpanOptionsLike,
  TracerLike,
  TracerProviderLike,
} from './opentelemetry/options.ts';
