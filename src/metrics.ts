export type { MeasuredSender } from './metrics/prometheus.ts';
export { prometheusText } from './metrics/prometheus.ts';
