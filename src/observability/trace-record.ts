import { errorFields, isError } from '../core/errors/thrown.ts';
import type { TraceLevel } from './trace-file-options.ts';

/** UTF-16 units of a line at most; what is longer is not a step of a message. */
const longestLine = 64 * 1024;

/**
 * One record as one line of JSON, with its line feed. Whatever the fields are, it gives a line and never throws: they may be circular, hold a BigInt, or
 * have a getter that throws.
 */
export function recordLine(time: number, level: TraceLevel, fields: unknown, message: string | undefined): string {
  const own = { time: isoTime(time), level };
  const line = stringify(own, fields, message);
  if (line !== undefined && line.length <= longestLine) return `${line}\n`;
  return `${JSON.stringify({ ...own, ...stepOf(fields), unwritable: line === undefined ? 'not JSON' : 'too long' })}\n`;
}

function stringify(own: object, fields: unknown, message: string | undefined): string | undefined {
  try {
    // pino takes a message alone as well.
    const given = typeof fields === 'object' && fields !== null ? fields : { message: String(fields) };
    // First for the order of the keys, last so that no field takes their place.
    return JSON.stringify(Object.assign({ ...own }, given, message === undefined ? {} : { message }, own), writable);
  } catch {
    return undefined;
  }
}

function writable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  return isError(value) ? errorFields(value) : value;
}

function stepOf(fields: unknown): { step?: string } {
  try {
    const { step } = fields as { step?: unknown };
    return typeof step === 'string' ? { step: step.slice(0, 100) } : {};
  } catch {
    return {};
  }
}

function isoTime(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString();
}
