import { describe, expect, it } from 'vitest';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { Trace, TypedEvents } from '../../src/observability/trace.ts';

const secret = 'the text that nobody may see';

/** What a warning tells the logger. */
function logged(error: Error): unknown {
  const records: unknown[] = [];
  const keep = (fields: object): unknown => records.push(fields);
  new Trace(new TypedEvents(), { debug: keep, info: keep, warn: keep, error: keep }).warn(error);
  return records[0];
}

describe('a logged error', () => {
  it('has its name and code, and those of its causes; a message only if it is ours', () => {
    const cause = Object.assign(new RangeError(secret), { code: 'ENOSPC' });
    const error = new OfflineImError('SPOOL_FAILED', 'The storage failed.', { cause });
    expect(logged(error)).toEqual({
      step: 'warning',
      error: {
        name: 'OfflineImError',
        code: 'SPOOL_FAILED',
        message: 'The storage failed.',
        cause: { name: 'RangeError', code: 'ENOSPC' },
      },
    });
  });

  it('that is its own cause, or has throwing getters, is logged anyway', () => {
    const circular: Error & { cause?: unknown } = new TypeError(secret);
    circular.cause = circular;
    const trap = Object.defineProperty(new TypeError(secret), 'code', {
      get() {
        throw new Error(secret);
      },
    });
    for (const error of [circular, trap]) {
      expect(logged(error)).toMatchObject({ step: 'warning', error: { name: 'TypeError' } });
      expect(JSON.stringify(logged(error))).not.toContain(secret);
    }
  });
});
