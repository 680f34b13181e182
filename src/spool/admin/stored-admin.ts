import { checkArguments } from '../../core/arguments.ts';
import { timeOrderedId } from '../../core/text.ts';
import type { SpoolStorage } from '../contract.ts';
import { adminArguments } from './arguments.ts';
import { changeBy } from './bulk.ts';
import type {
  AuditRecord,
  BulkOptions,
  BulkResult,
  BulkVerb,
  EntryFilter,
  EntryPage,
  LaneReport,
  LaneSummary,
  Pause,
  ProcessReport,
  ReportedObstacle,
  SpoolAdmin,
  StoredReport,
} from './contract.ts';

/** The kinds of small documents that a storage keeps for operators, each under a key. */
export type RecordKind = 'pause' | 'report' | 'audit';

export interface StoredRecord {
  readonly key: string;
  /** When it was first written or, for a report, last. ms since 1970 UTC by the storage's clock. */
  readonly at: number;
  /** JSON. */
  readonly content: string;
}

/** The records of a storage that {@link StoredAdmin} needs. A write is durable when resolved, as far as the storage is. */
export interface AdminRecords {
  /** Reads the records of a kind, in the order of their keys. `now` is by the storage's clock. */
  read(kind: RecordKind): Promise<{ readonly now: number; readonly records: readonly StoredRecord[] }>;
  /** Puts a record. @param keepTime Whether a record that is there already keeps its time. */
  put(kind: RecordKind, key: string, content: string, keepTime: boolean): Promise<void>;
  /** Deletes records. Resolves with how many there were. */
  drop(kind: RecordKind, keys: readonly string[]): Promise<number>;
}

/** The queries of a storage that {@link StoredAdmin} needs. */
export interface AdminQueries {
  listBy(filter: EntryFilter, cursor: string | undefined, limit: number): Promise<EntryPage>;
  summaries(): Promise<readonly LaneSummary[]>;
}

/** How many audit records are kept. */
const mostAudits = 5_000;
/** After how many polls a report is stale. */
const stalePolls = 3;
/** The key of the pause of all mailboxes; no address is empty. */
const all = '';

/** Serves operators, over the records and queries of a storage. */
export class StoredAdmin implements SpoolAdmin {
  readonly #storage: Pick<SpoolStorage, BulkVerb>;
  readonly #records: AdminRecords;
  readonly #queries: AdminQueries;

  constructor(storage: Pick<SpoolStorage, BulkVerb>, records: AdminRecords, queries: AdminQueries) {
    checkArguments(StoredAdmin.prototype, 'spool.admin', adminArguments);
    this.#storage = storage;
    this.#records = records;
    this.#queries = queries;
  }

  async pause({ lane, by, why }: Parameters<SpoolAdmin['pause']>[0]): Promise<void> {
    await this.#records.put('pause', lane ?? all, JSON.stringify(why === undefined ? { by } : { by, why }), true);
  }

  async resume(lane?: string): Promise<boolean> {
    return (await this.#records.drop('pause', [lane ?? all])) > 0;
  }

  async paused(): Promise<readonly Pause[]> {
    const { records } = await this.#records.read('pause');
    return records.map(({ key, at, content }) => {
      const { by, why } = read<{ by?: unknown; why?: unknown }>(content);
      return {
        ...(key === all ? {} : { lane: key }),
        by: typeof by === 'string' ? by : 'unknown',
        ...(typeof why === 'string' ? { why } : {}),
        since: at,
      };
    });
  }

  async now(): Promise<number> {
    return (await this.#records.read('pause')).now;
  }

  async lanes(): Promise<LaneReport> {
    const lanes = await this.#queries.summaries();
    return { lanes, reports: await this.reports() };
  }

  async reports(): Promise<readonly StoredReport[]> {
    const { now, records } = await this.#records.read('report');
    return records.flatMap(storedReport).filter(({ at, pollInterval }) => now - at <= stalePolls * pollInterval);
  }

  async report({ owner, ...report }: ProcessReport): Promise<void> {
    const { now, records } = await this.#records.read('report');
    const stale = records.filter((one) => storedReport(one).every(({ at, pollInterval }) => now - at > 100 * pollInterval));
    if (stale.length > 0)
      await this.#records.drop(
        'report',
        stale.map(({ key }) => key),
      );
    // A process without obstacles leaves no report.
    if (report.obstacles.length > 0) await this.#records.put('report', owner, JSON.stringify(report), false);
    else if (records.some(({ key }) => key === owner)) await this.#records.drop('report', [owner]);
  }

  async audit(record?: Omit<AuditRecord, 'at'>): Promise<readonly AuditRecord[]> {
    if (record !== undefined) await this.#records.put('audit', timeOrderedId(Date.now()), JSON.stringify(record), true);
    // By the storage's clock: the keys are by that of each operator's machine.
    const records = [...(await this.#records.read('audit')).records].sort((a, b) => a.at - b.at);
    const over = records.slice(0, Math.max(0, records.length - mostAudits)).map(({ key }) => key);
    if (over.length > 0) await this.#records.drop('audit', over);
    return records
      .slice(over.length)
      .map(({ at, content }) => ({ ...read<Omit<AuditRecord, 'at'>>(content), at }))
      .reverse();
  }

  listBy(filter: EntryFilter, cursor?: string, limit = 100): Promise<EntryPage> {
    return this.#queries.listBy(filter, cursor, limit);
  }

  change(verb: BulkVerb, filter: EntryFilter, options: BulkOptions): Promise<BulkResult> {
    return changeBy(this.#storage, (...page) => this.listBy(...page), verb, filter, options);
  }
}

/** Reads a report; none where another version, or somebody else, has written it. */
function storedReport({ key, at, content }: StoredRecord): StoredReport[] {
  const { pollInterval, obstacles, now = at } = read<Partial<ProcessReport>>(content);
  if (typeof pollInterval !== 'number' || !Array.isArray(obstacles)) return [];
  const ahead = now - at;
  const seen = obstacles.map((one: ReportedObstacle) => ({
    ...one,
    since: one.since - ahead,
    nextTrialAt: one.nextTrialAt - ahead,
  }));
  return [{ owner: key, at, pollInterval, obstacles: seen }];
}

function read<T extends object>(content: string): T {
  try {
    const value: unknown = JSON.parse(content);
    return (typeof value === 'object' && value !== null ? value : {}) as T;
  } catch {
    return {} as T;
  }
}
