import { checkArguments } from '../../core/arguments.ts';
import { adminArguments } from '../admin/arguments.ts';
import { changeBy } from '../admin/bulk.ts';
import type { EntryFilter, EntryPage, LaneReport, Pause, ProcessReport, SpoolAdmin, StoredReport } from '../admin/contract.ts';
import { fits } from '../admin/filter.ts';
import type { SpoolStorage } from '../contract.ts';
import type { BlindIndex } from './blind-index.ts';
import { type Entries, isLocked } from './entries.ts';
import { isSealed, type Sealer } from './seal.ts';

interface Parts {
  readonly inner: SpoolAdmin;
  /** The sealed spool itself. */
  readonly storage: Pick<SpoolStorage, 'requeue' | 'cancel' | 'hold' | 'release' | 'purge'>;
  readonly sealer: Sealer;
  readonly entries: Entries;
  readonly blindIndex: BlindIndex;
}

/** The sealed parts of a pause: the blind index names no mailbox. */
interface SealedPause {
  readonly lane?: string | undefined;
  readonly why?: string | undefined;
}

const pauseBinding = { field: 'reason', to: ['pause'] } as const;
const reportBinding = { field: 'reason', to: ['report'] } as const;

/** Serves operators of a sealed spool, in which mailboxes are blind indexes and reasons are sealed. */
export class SealedAdmin implements SpoolAdmin {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    checkArguments(SealedAdmin.prototype, 'spool.admin', adminArguments);
    this.#parts = parts;
  }

  async pause({ lane, by, why }: Parameters<SpoolAdmin['pause']>[0]): Promise<void> {
    const { inner, sealer } = this.#parts;
    await inner.pause({
      lane: await this.#lane(lane),
      by,
      why: await sealer.seal({ lane, why } satisfies SealedPause, pauseBinding),
    });
  }

  async resume(lane?: string): Promise<boolean> {
    return this.#parts.inner.resume(await this.#lane(lane));
  }

  async paused(): Promise<readonly Pause[]> {
    const { inner } = this.#parts;
    return Promise.all(
      (await inner.paused()).map(async ({ why, lane, ...pause }) => {
        const opened = await this.#open<SealedPause>(why, pauseBinding);
        const name = lane === undefined ? undefined : (opened?.lane ?? lane);
        return {
          ...pause,
          ...(name === undefined ? {} : { lane: name }),
          ...(opened?.why === undefined ? {} : { why: opened.why }),
        };
      }),
    );
  }

  async now(): Promise<number> {
    return (await this.#parts.inner.now?.()) ?? Date.now();
  }

  async reports(): Promise<readonly StoredReport[]> {
    const { inner } = this.#parts;
    const reports = (await inner.reports?.()) ?? (await inner.lanes()).reports;
    return Promise.all(reports.map((one) => this.#openReport(one)));
  }

  async lanes(): Promise<LaneReport> {
    const { lanes, reports } = await this.#parts.inner.lanes();
    const named = lanes.map(async (summary) => ({ ...summary, lane: await this.#nameOf(summary.lane) }));
    return { lanes: await Promise.all(named), reports: await Promise.all(reports.map((one) => this.#openReport(one))) };
  }

  async report({ obstacles, ...report }: ProcessReport): Promise<void> {
    const { inner, sealer } = this.#parts;
    const sealed = await Promise.all(
      obstacles.map(async ({ name, lanes, reason, ...rest }) => ({
        ...rest,
        name: await sealer.seal({ name, lanes, text: reason.text }, reportBinding),
        lanes: [],
        reason: { ...reason, text: '' },
      })),
    );
    await inner.report({ ...report, obstacles: sealed });
  }

  async audit(record?: Parameters<SpoolAdmin['audit']>[0]) {
    const { inner } = this.#parts;
    if (record?.filter === undefined) return inner.audit(record);
    const { lane, recipient, ...filter } = record.filter;
    return inner.audit({
      ...record,
      filter: { ...filter, lane: await this.#lane(lane), recipient: await this.#lane(recipient) },
    });
  }

  /** Filters recipients after it has opened a page: before that they can't be compared. */
  async listBy({ recipient, lane, ...filter }: EntryFilter, cursor?: string, limit?: number): Promise<EntryPage> {
    const { inner, entries } = this.#parts;
    const page = await inner.listBy({ ...filter, lane: await this.#lane(lane) }, cursor, limit);
    const opened = await Promise.all(page.entries.map((entry) => entries.show(entry)));
    return {
      looked: page.entries.length,
      ...page,
      entries: opened.filter((entry) => fits({ recipient }, entry)),
    };
  }

  change(...[verb, filter, options]: Parameters<SpoolAdmin['change']>): ReturnType<SpoolAdmin['change']> {
    return changeBy(this.#parts.storage, (...page) => this.listBy(...page), verb, filter, options);
  }

  async #lane(lane: string | undefined): Promise<string | undefined> {
    return lane === undefined ? undefined : this.#parts.blindIndex.of('lane', lane);
  }

  /** Finds the mailbox behind a blind index by one of its entries. */
  async #nameOf(blind: string): Promise<string> {
    const { inner, entries } = this.#parts;
    const { entries: some } = await inner.listBy({ lane: blind }, undefined, 1);
    return some[0] === undefined ? blind : (await entries.show(some[0])).lane;
  }

  async #openReport({ obstacles, ...report }: StoredReport): Promise<StoredReport> {
    const opened = obstacles.map(async (one) => {
      const sealed = await this.#open<{ name: string; lanes: readonly string[]; text: string }>(one.name, reportBinding);
      return sealed === undefined
        ? { ...one, name: 'sealed' }
        : { ...one, name: sealed.name, lanes: sealed.lanes, reason: { ...one.reason, text: sealed.text } };
    });
    return { ...report, obstacles: await Promise.all(opened) };
  }

  async #open<Value>(text: string | undefined, binding: typeof pauseBinding | typeof reportBinding): Promise<Value | undefined> {
    if (text === undefined || !isSealed(text)) return undefined;
    try {
      return await this.#parts.sealer.open<Value>(text, binding);
    } catch (error) {
      if (isLocked(error)) return undefined;
      throw error;
    }
  }
}
