import type { Clock } from '../core/clock.ts';
import type { Trace } from '../observability/trace.ts';
import type { SpoolStorage } from '../spool/contract.ts';
import type { Transport } from '../transport/contract.ts';
import type { Places } from './answers.ts';
import type { Complaints } from './complaints.ts';
import type { Leases, ProbeHistories } from './leases.ts';
import type { SpoolerSettings } from './options.ts';

/** What a {@link Spooler} works with. */
export interface SpoolerParts {
  readonly storage: SpoolStorage;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly options: SpoolerSettings;
  readonly trace: Trace;
  /** Names this run in what it claims. */
  readonly owner: string;
  newNoteId(): string;
}

/** What the parts of one spooler share. */
export interface SpoolerContext {
  readonly clock: Clock;
  /** From 0 up to, not including, 1. */
  readonly random: () => number;
  readonly options: SpoolerSettings;
  readonly storage: SpoolStorage;
  readonly transport: Transport;
  readonly trace: Trace;
  readonly leases: Leases;
  readonly probes: ProbeHistories;
  /** Aborts what is at work. */
  readonly signal: AbortSignal;
  /** True once nothing new may be written. */
  stopping(): boolean;
  readonly places: Places;
  readonly complaints: Complaints;
}
