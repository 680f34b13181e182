import type { Clock } from '../core/clock.ts';
import type { EventReason } from '../observability/events.ts';
import type { SpoolerOptions } from './options.ts';

/** What lanes report; the spooler passes it on as events. */
export interface LaneObserver {
  blocked(lane: string, reason: EventReason, retryIn: number): void;
  resumed(lane: string): void;
  unavailable(endpoint: string, reason: EventReason, retryIn: number): void;
  available(endpoint: string): void;
}

/** What {@link Lanes} is made of. */
export interface LanesContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly options: SpoolerOptions;
  readonly observer: LaneObserver;
  endpointOf(lane: string): string;
}
