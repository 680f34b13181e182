import { utf8Length } from '../../core/text.ts';
import type { Logger } from '../../observability/trace.ts';
import type { GraphCall, Reply } from './reply.ts';

/** `graph:request`: a request is about to be written. */
export function traceRequest(logger: Logger, { operation, notes, body }: GraphCall, requestId: string): void {
  write(logger, { step: 'graph:request', requestId, operation, notes, bytes: body === undefined ? 0 : utf8Length(body) });
}

/** `graph:response`: how it ended. `headers`: those of Graph by which its support finds a request. */
export function traceReply(
  logger: Logger,
  { operation, notes }: GraphCall,
  known: { readonly requestId: string; readonly ms: number; readonly headers: Headers | undefined },
  reply: Reply,
): void {
  const { requestId, ms, headers } = known;
  const common = { step: 'graph:response', requestId, operation, notes, ms, ...supportHeaders(headers) };
  switch (reply.kind) {
    case 'ok':
      write(logger, { ...common, status: reply.meta.status });
      break;
    case 'error':
      write(logger, { ...common, status: reply.meta.status, responseCode: reply.error?.codes.at(-1) });
      break;
    case 'failed':
      write(logger, { ...common, sent: reply.sent, code: reply.error.code, ...pick(reply.error.details, 'connectionCode') });
      break;
    case 'no-token':
      write(logger, { ...common, sent: 'no', code: reply.error.code });
      break;
  }
}

/** A warning for whoever reads the log: something that is no outcome of a note. */
export function warn(logger: Logger | undefined, fields: Readonly<Record<string, unknown>>): void {
  try {
    logger?.warn(fields);
  } catch {
    // the host's own trouble
  }
}

function supportHeaders(headers: Headers | undefined): Record<string, string> {
  const serverRequestId = headers?.get('request-id') ?? '';
  const diagnostic = headers?.get('x-ms-ags-diagnostic') ?? '';
  return {
    ...(/^[\w-]{1,64}$/.test(serverRequestId) ? { serverRequestId } : {}),
    // JSON about the data centre that answered.
    ...(/^[\w\s{}"':;,.-]{1,300}$/.test(diagnostic) ? { diagnostic } : {}),
  };
}

function pick(details: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  return details[key] === undefined ? {} : { [key]: details[key] };
}

/** A logger that throws must not change what becomes of a note. */
function write(logger: Logger, fields: Readonly<Record<string, unknown>>): void {
  try {
    logger.debug(fields);
  } catch {
    // the host's own trouble
  }
}
