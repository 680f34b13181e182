import { asError } from '../../core/errors/thrown.ts';
import type { ReportedObstacle, SpoolAdmin } from '../../spool/admin/contract.ts';
import type { SpoolerParts } from '../context.ts';
import type { Lanes } from './lanes.ts';
import type { Obstacles } from './obstacles.ts';

/** Tells operators through the spool what this process can't use. Obeyed by nobody else: one process with a broken network must not stop a fleet. */
export class ObstacleReport {
  readonly #parts: SpoolerParts;
  readonly #lanes: Lanes;
  /** Something was reported, and is still told there. */
  #reported = false;
  /** Operators' requests to try now, up to this time, were carried out. */
  #retriedAt: number;

  constructor(parts: SpoolerParts, lanes: Lanes) {
    this.#parts = parts;
    this.#lanes = lanes;
    this.#retriedAt = parts.clock.now();
  }

  /** To be called each poll. Never rejects: nothing depends on it. */
  async scan(): Promise<void> {
    const { storage, options, owner, clock, trace } = this.#parts;
    const obstacles = reportedObstacles(this.#lanes.obstacles(), clock.now());
    if (storage.admin === undefined || (obstacles.length === 0 && !this.#reported)) return;
    try {
      await storage.admin.report({ owner, pollInterval: options.pollInterval, obstacles });
      this.#reported = obstacles.length > 0;
      if (this.#reported) await this.#obeyRetries(storage.admin);
    } catch (error) {
      trace.warn(asError(error));
    }
  }

  /** Whoever mended something asks for it in the spool: `offline-im retry-now`. */
  async #obeyRetries(admin: SpoolAdmin): Promise<void> {
    const asked = (await admin.audit()).filter(({ at, command }) => command === 'retry-now' && at > this.#retriedAt);
    for (const { filter } of asked) this.#lanes.retryNow(filter?.lane);
    this.#retriedAt = asked.reduce((latest, { at }) => Math.max(latest, at), this.#retriedAt);
  }
}

/** Obstacles as the spool keeps them. */
function reportedObstacles({ blocked, unavailable }: Obstacles, now: number): readonly ReportedObstacle[] {
  const facts = ({ reason, nextIn, openFor }: Obstacles['blocked'][number] | Obstacles['unavailable'][number]) => ({
    since: Math.floor(now - openFor),
    reason: reason ?? ({ code: 'TRANSPORT_FAILED', text: 'The transport gave no reason.' } as const),
    nextTrialAt: Math.ceil(now + nextIn),
  });
  return [
    ...blocked.map((one) => ({ kind: 'mailbox-blocked', name: one.lane, lanes: [one.lane], ...facts(one) }) as const),
    ...unavailable.map((one) => ({ kind: 'endpoint-unavailable', name: one.endpoint, lanes: one.lanes, ...facts(one) }) as const),
  ];
}
