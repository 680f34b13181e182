/** Version, trace id, parent id and flags of https://www.w3.org/TR/trace-context/#traceparent-header. */
const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** UTF-16 units: a later version may add fields, but not without end. */
const longest = 512;

/** What a `traceparent` says. */
export interface TraceContext {
  /** 32 hexadecimal digits, lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits, lower case: the span that was active. */
  readonly spanId: string;
  /** 0 to 255; bit 0: the caller may have recorded the trace. */
  readonly traceFlags: number;
}

/** Reads a `traceparent` as W3C Trace Context has it, one of a later version too; `undefined` for what is none. */
export function readTraceparent(value: unknown): TraceContext | undefined {
  if (typeof value !== 'string' || value.length > longest) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = form.exec(value) ?? [];
  // ff is forbidden; only a later version may add fields.
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

/** As a header of version 00: what a later version adds is left out, as its specification asks. */
export function formatTraceparent({ traceId, spanId, traceFlags }: TraceContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
