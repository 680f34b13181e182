import type { Clock } from '../core/clock.ts';
import type { Complaints } from '../core/host-calls.ts';
import type { Trace } from '../observability/trace.ts';
import type { Change, SpoolStorage } from '../spool/contract.ts';
import type { Transport } from '../transport/contract.ts';
import type { Places } from './answers.ts';
import type { Leases, ProbeHistories } from './leases.ts';
import type { SpoolerSettings } from './options.ts';

/** What a {@link Spooler} is made of. */
export interface SpoolerParts {
  readonly storage: SpoolStorage;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly options: SpoolerSettings;
  readonly trace: Trace;
  /** Identifies this run of the sender in the notes it claims. */
  readonly owner: string;
  newNoteId(): string;
}

/** What the parts of one spooler share. */
export interface SpoolerContext {
  readonly clock: Clock;
  /** Returns a number from 0 up to, but not including, 1. */
  readonly random: () => number;
  readonly options: SpoolerSettings;
  readonly storage: SpoolStorage;
  readonly transport: Transport;
  readonly trace: Trace;
  readonly leases: Leases;
  readonly probes: ProbeHistories;
  /** Aborts requests in flight. */
  readonly signal: AbortSignal;
  /** True once nothing new may be written. */
  stopping(): boolean;
  readonly places: Places;
  readonly complaints: Complaints;
  /** Has stop() wait for work that nothing else waits for. It must not reject. */
  follow(work: Promise<void>): void;
  /** Counts what became of entries, and wakes the loop for what waited for them. */
  made(changes: readonly Change[]): void;
}
