/** UTF-16 units: later versions may add fields, but not without limit. */
const longest = 512;

/** The content of a `traceparent`. */
export interface TraceContext {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case: the span that was active. */
  readonly spanId: string;
  /** 0 to 255; bit 0: the caller may have recorded the trace. */
  readonly traceFlags: number;
}

/**
 * Reads a `traceparent` as defined by https://www.w3.org/TR/trace-context/#traceparent-header, or by a later version; `undefined` if it is invalid.
 * It reads digit by digit, since every attempt of a note reads those of its messages, and a pattern took as long as everything else that is reported about the attempt.
 */
export function readTraceparent(value: unknown): TraceContext | undefined {
  if (typeof value !== 'string' || value.length < 55 || value.length > longest) return undefined;
  if (value[2] !== '-' || value[35] !== '-' || value[52] !== '-') return undefined;
  const version = digits(value, 0, 2);
  const flags = digits(value, 53, 55);
  // ff is forbidden; only a later version may add fields.
  if (version === 'none' || version === 0xff || flags === 'none') return undefined;
  if (value.length > 55 && (version === 0 || value[55] !== '-' || /[\n\r\u2028\u2029]/.test(value))) return undefined;
  if (!identifies(digits(value, 3, 35)) || !identifies(digits(value, 36, 52))) return undefined;
  return { traceId: value.slice(3, 35), spanId: value.slice(36, 52), traceFlags: flags };
}

/** An id of zeros is invalid. */
function identifies(number: number | 'none'): boolean {
  return number !== 'none' && number > 0;
}

/** The number of lower-case hexadecimal digits: inexact for many digits, but 0 only if all of them are. */
function digits(text: string, from: number, end: number): number | 'none' {
  let number = 0;
  for (let at = from; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x30 && unit <= 0x39) number = number * 16 + unit - 0x30;
    else if (unit >= 0x61 && unit <= 0x66) number = number * 16 + unit - 0x57;
    else return 'none';
  }
  return number;
}

/** The header of version 00, without what a later version adds, as the specification requires. */
export function formatTraceparent({ traceId, spanId, traceFlags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
