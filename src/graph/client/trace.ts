import { tell } from '../../core/host-calls.ts';
import { utf8Length } from '../../core/text.ts';
import type { Logger } from '../../observability/trace.ts';
import { field, parseJson, textField } from './json.ts';
import type { GraphCall, Reply } from './reply.ts';

/** `graph:request`: a request is about to be written. */
export function traceRequest(logger: Logger, { operation, notes, body }: GraphCall, requestId: string): void {
  write(logger, { step: 'graph:request', requestId, operation, notes, bytes: body === undefined ? 0 : utf8Length(body) });
}

/** `graph:response`: how it ended. `headers`: those of Graph by which its support finds a request. */
export function traceReply(
  logger: Logger,
  { operation, notes }: GraphCall,
  known: {
    readonly requestId: string;
    readonly ms: number;
    readonly headers: Headers | undefined;
    /** What the server only repeats of the request: no such word is kept. */
    isOurs(word: string): boolean;
  },
  reply: Reply,
): void {
  const { requestId, ms } = known;
  const common = { step: 'graph:response', requestId, operation, notes, ms, ...supportHeaders(known) };
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
  tell(() => logger?.warn(fields));
}

function supportHeaders({ headers, isOurs }: Parameters<typeof traceReply>[2]): Record<string, string> {
  const serverRequestId = headerOf(headers, 'request-id');
  const diagnostic = headerOf(headers, 'x-ms-ags-diagnostic');
  const whereabouts = typeof diagnostic === 'string' ? whereaboutsIn(diagnostic, isOurs) : undefined;
  return {
    ...(typeof serverRequestId === 'string' && isGuid(serverRequestId) ? { serverRequestId } : {}),
    ...(whereabouts === undefined ? {} : { diagnostic: whereabouts }),
  };
}

/** Those of a host's own kind may throw: they must not change what becomes of a note. */
function headerOf(headers: Headers | undefined, name: string): unknown {
  try {
    return headers?.get(name);
  } catch {
    return undefined;
  }
}

/** The data centre that answered, as JSON: what the header has beside it stays out. */
function whereaboutsIn(diagnostic: string, isOurs: (word: string) => boolean): string | undefined {
  const read = parseJson(diagnostic.slice(0, 2_000));
  const info = field('value' in read ? read.value : undefined, 'ServerInfo');
  const known = ['DataCenter', 'Slice', 'Ring', 'ScaleUnit', 'RoleInstance'].flatMap((name) => {
    const value = textField(info, name, 40);
    return value !== undefined && /^[\w -]+$/.test(value) && !isOurs(value) ? [[name, value] as const] : [];
  });
  return known.length === 0 ? undefined : JSON.stringify(Object.fromEntries(known));
}

function isGuid(text: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
}

function pick(details: Readonly<Record<string, unknown>>, key: string): Record<string, unknown> {
  return details[key] === undefined ? {} : { [key]: details[key] };
}

/** A logger that throws, or an async one that rejects, must not change what becomes of a note. */
function write(logger: Logger, fields: Readonly<Record<string, unknown>>): void {
  tell(() => logger.debug(fields));
}
