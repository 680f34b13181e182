import { field, isObject, listField } from '../../../../graph/client/json.ts';
import type { Fault } from '../../faults/fault.ts';
import { GraphFault } from '../errors.ts';

/** A part of a `$batch`. */
export interface BatchPart {
  readonly id: string;
  readonly method: string;
  /** Below the version. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly dependsOn: readonly string[];
}

/** What came of a part. */
export interface BatchPartAnswer {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** Parts that one request takes. */
const most = 20;

/** Reads a `$batch`: https://learn.microsoft.com/graph/json-batching */
export function readBatch(body: unknown): readonly BatchPart[] {
  const parts = listField(body, 'requests');
  if (parts === undefined || parts.length === 0 || parts.length > most) {
    throw new GraphFault('BadRequest', 400, `A batch has 1 to ${most} requests.`);
  }
  const read = parts.map(readPart);
  if (new Set(read.map(({ id }) => id)).size !== read.length) throw new GraphFault('BadRequest', 400, 'An id is used twice.');
  return read;
}

/** Carries the parts out one after the other; those whose dependency failed are answered 424. */
export async function runBatch(
  parts: readonly BatchPart[],
  fault: Fault | undefined,
  run: (part: BatchPart) => Promise<BatchPartAnswer>,
): Promise<readonly BatchPartAnswer[]> {
  const answers = new Map<string, BatchPartAnswer>();
  for (const part of parts) {
    const failed = part.dependsOn.some((id) => (answers.get(id)?.status ?? 424) >= 400);
    answers.set(part.id, failed ? failedDependency(part.id) : await run(part));
  }
  const all = [...answers.values()];
  if (fault?.kind === 'partsShuffled') return all.reverse();
  return fault?.kind === 'partsMissing' ? all.slice(0, -1) : all;
}

function failedDependency(id: string): BatchPartAnswer {
  const error = { code: 'FailedDependency', message: 'A request that this one depends on failed.' };
  return { id, status: 424, headers: { 'Content-Type': 'application/json' }, body: { error } };
}

function readPart(part: unknown): BatchPart {
  const [id, method, url, headers, body] = ['id', 'method', 'url', 'headers', 'body'].map((name) => field(part, name));
  if (typeof id !== 'string' || typeof method !== 'string' || typeof url !== 'string') throw new GraphFault('BadRequest');
  const named: readonly (readonly [string, unknown])[] = isObject(headers) ? Object.entries(headers) : [];
  const all = Object.fromEntries(named.map(([name, value]) => [name.toLowerCase(), textOf(value)]));
  if (body !== undefined && all['content-type'] === undefined) {
    throw new GraphFault('BadRequest', 400, 'Write request id : the Content-Type header is missing.');
  }
  const dependsOn = (listField(part, 'dependsOn') ?? []).map(textOf);
  return { id, method: method.toUpperCase(), url, headers: all, body: body === undefined ? '' : JSON.stringify(body), dependsOn };
}

function textOf(value: unknown): string {
  if (typeof value === 'object') throw new GraphFault('BadRequest');
  return String(value);
}
