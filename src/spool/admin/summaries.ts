import type { SpoolState } from '../contract.ts';
import type { LaneSummary } from './contract.ts';

/** Adds up what waits for each mailbox. */
export class LaneTally {
  readonly #lanes = new Map<string, { states: Partial<Record<SpoolState, number>>; oldest: number }>();

  add(lane: string, state: SpoolState, count: number, oldest: number): void {
    const tally = this.#lanes.get(lane) ?? { states: {}, oldest };
    tally.states[state] = (tally.states[state] ?? 0) + count;
    tally.oldest = Math.min(tally.oldest, oldest);
    this.#lanes.set(lane, tally);
  }

  /** By name. */
  summaries(): readonly LaneSummary[] {
    return [...this.#lanes].map(([lane, tally]) => ({ lane, ...tally })).sort((a, b) => (a.lane < b.lane ? -1 : 1));
  }
}
