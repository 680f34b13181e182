import { tell } from '../../core/host-calls.ts';
import type { Logger } from '../../observability/trace.ts';
import { messagesNs } from '../xml/namespaces.ts';
import { asCode, child, textOf, type XmlElement } from '../xml/read.ts';
import type { EwsCall, Reply } from './reply.ts';

/** `ews:request`: a request is about to be written. */
export function traceRequest(logger: Logger, call: EwsCall, requestId: string, body: string): void {
  const bytes = new TextEncoder().encode(body).length;
  write(logger, { step: 'ews:request', requestId, operation: call.operation, notes: call.notes, bytes });
}

/** `ews:response`: how it ended. */
export function traceReply(logger: Logger, call: EwsCall, requestId: string, reply: Reply, ms: number): void {
  const common = { step: 'ews:response', requestId, operation: call.operation, notes: call.notes, ms };
  switch (reply.kind) {
    case 'body':
      write(logger, { ...common, status: reply.meta.status, responseCode: codesOf(reply.payload) });
      break;
    case 'fault':
      write(logger, { ...common, status: reply.meta.status, fault: true, responseCode: reply.fault.responseCode });
      break;
    case 'http':
      write(logger, { ...common, status: reply.meta.status });
      break;
    case 'failed':
      write(logger, { ...common, sent: reply.sent, code: reply.error.code, ...pick(reply.error.details, 'connectionCode') });
      break;
  }
}

/** How many distinct codes a record names. */
const mostCodes = 10;

/** The distinct response codes of an answer, one as itself, several as a list. */
function codesOf(payload: XmlElement): string | readonly string[] {
  const codes = new Set<string>();
  for (const message of child(payload, messagesNs, 'ResponseMessages')?.children ?? []) {
    codes.add(asCode(textOf(message, messagesNs, 'ResponseCode') ?? ''));
    if (codes.size === mostCodes) break;
  }
  const [first = '', ...others] = codes;
  return others.length === 0 ? first : [first, ...others];
}

function pick(details: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  return details[key] === undefined ? {} : { [key]: details[key] };
}

/** A logger that throws must not change what becomes of a note. */
function write(logger: Logger, fields: Readonly<Record<string, unknown>>): void {
  tell(() => logger.debug(fields));
}
