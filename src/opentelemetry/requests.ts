import { tell } from '../core/host-calls.ts';
import type { Logger } from '../observability/trace.ts';
import type { Metrics } from './metrics.ts';

/** Trace steps of the transports at the end of a request. */
const ended = ['ews:response', 'graph:response'];

/** Requests that send notes; all others read or prepare. */
const sends = ['CreateItem', 'sendMail'];

/** A logger that times the requests of a transport, and passes all records on. */
export function requestsLogger(metrics: Pick<Metrics, 'request' | 'batch'> | undefined, next: Logger | undefined): Logger {
  return {
    debug(fields, message) {
      if (metrics !== undefined) tell(() => measure(metrics, fields));
      return next?.debug(fields, message);
    },
    info: (fields, message) => next?.info(fields, message),
    warn: (fields, message) => next?.warn(fields, message),
    error: (fields, message) => next?.error(fields, message),
  };
}

function measure(metrics: Pick<Metrics, 'request' | 'batch'>, fields: Readonly<Record<string, unknown>>): void {
  const { step, operation, ms, notes } = fields;
  if (typeof step !== 'string' || !ended.includes(step) || typeof operation !== 'string' || typeof ms !== 'number') return;
  metrics.request(operation, ms, errorOf(fields));
  if (sends.includes(operation) && Array.isArray(notes)) metrics.batch(notes.length);
}

/** Why a request failed: the library's code if there was no response, else the server's own, else the HTTP status. */
function errorOf({ code, status, responseCode }: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof code === 'string') return code;
  const first: unknown = Array.isArray(responseCode) ? responseCode.find((one) => one !== 'NoError') : responseCode;
  if (typeof first === 'string' && first !== '' && first !== 'NoError') return first;
  return typeof status === 'number' && status >= 400 ? String(status) : undefined;
}
