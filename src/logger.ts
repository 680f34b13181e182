/**
 * Where the trace goes. A pino logger fits as it is; `traceFile()` in `offline-im/file` makes one that writes NDJSON.
 *
 * Fields are ids, states, attempts, timings in ms and codes, never message text, addresses' passwords or tokens.
 * `fields.step` names the step, such as `message:spooled` or `ews:request`.
 */
export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, message?: string): void;
  info(fields: Readonly<Record<string, unknown>>, message?: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message?: string): void;
  error(fields: Readonly<Record<string, unknown>>, message?: string): void;
}
