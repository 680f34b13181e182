import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { asError, property } from '../../core/errors/thrown.ts';

/** One line of the doctor. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly text: string;
  /** What to do. */
  readonly todo?: string;
}

export function ok(check: string, text: string): Finding {
  return { check, status: 'ok', text };
}

export function warn(check: string, text: string, todo: string): Finding {
  return { check, status: 'warn', text, todo };
}

export function fail(check: string, text: string, todo: string): Finding {
  return { check, status: 'fail', text, todo };
}

/** An error for brackets in a sentence: the library's own text; for foreign errors only the code, since their text may contain anything. */
export function told(thrown: unknown): string {
  const error = asError(thrown);
  if (error instanceof OfflineImError) return `${error.code}: ${error.message.replace(/\.$/, '')}`;
  const code = property(error, 'code') ?? property(property(error, 'cause'), 'code');
  return typeof code === 'string' ? code : error.name;
}
