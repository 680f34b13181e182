import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { ProbeResult, UnknownAttempt } from './contract.ts';

/** A proof goes before a hope, and what is known before what isn't. */
const precedence = ['found', 'pending', 'draft', 'unknown', 'absent'] as const;

/** The one result for several attempts of a note, each looked for by itself. */
export function combined(results: readonly ProbeResult[]): ProbeResult {
  for (const status of precedence) {
    const first = results.find((result) => result.status === status);
    if (first === undefined) continue;
    if (first.status !== 'draft') return first;
    return { status: 'draft', removed: results.every((result) => result.status !== 'draft' || result.removed) };
  }
  return { status: 'absent' };
}

/** An attempt that nobody here can look for. */
export function placeGone(attempt: UnknownAttempt): ProbeResult {
  const text = 'This attempt went to an endpoint that is not configured any more.';
  return { status: 'unknown', error: new OfflineImError('PLACE_GONE', text, { details: { endpoint: attempt.place.endpoint } }) };
}
