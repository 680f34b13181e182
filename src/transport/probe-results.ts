import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { ProbeResult, UnknownAttempt } from './contract.ts';

/** A proof goes before a hope, and what is known before what isn't. */
const precedence = ['found', 'pending', 'draft', 'unknown', 'absent'] as const;

/** The one result for several attempts of a note, each looked for by itself, in the order of `attempts`. */
export function combined(results: readonly ProbeResult[], attempts: readonly UnknownAttempt[] = []): ProbeResult {
  for (const status of precedence) {
    const alike = results.filter((result) => result.status === status);
    const [first] = alike;
    if (first === undefined) continue;
    switch (first.status) {
      case 'found': {
        const tags = attempts.filter((_, at) => results[at]?.status === 'found').map(({ tag }) => tag);
        return attempts.length > tags.length && tags.length > 0 ? { status: 'found', tags } : { status: 'found' };
      }
      case 'draft':
        return { status: 'draft', removed: alike.every((result) => result.status !== 'draft' || result.removed) };
      case 'unknown':
        return alike.reduce((widest, result) => (reach(result) > reach(widest) ? result : widest), first);
      case 'pending':
      case 'absent':
        return first;
    }
  }
  return { status: 'absent' };
}

/** What blocks or delays more than its own note goes first, or nobody would heed it. */
function reach(result: ProbeResult): number {
  if (result.status !== 'unknown') return 0;
  const scope = { note: 0, mailbox: 1, endpoint: 2 }[result.scope ?? 'note'];
  return scope * 2 + (result.blocked === true ? 1 : 0);
}

/** An attempt that nobody here can look for. */
export function placeGone(attempt: UnknownAttempt): ProbeResult {
  const text = 'This attempt went to an endpoint that is not configured any more.';
  return { status: 'unknown', error: new OfflineImError('PLACE_GONE', text, { details: { endpoint: attempt.place.endpoint } }) };
}
