import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { connectionCode, nothingWritten } from '../../transport/connection-errors.ts';
import { notAttempted } from '../../transport/verdict.ts';
import type { Reply } from '../client/reply.ts';

/** What is known about a request when it fails. */
export interface CallState {
  readonly requestId: string;
  /** A request may have reached the server, and no answer came that says it was refused. */
  readonly written: boolean;
  readonly ended: 'deadline' | 'aborted' | undefined;
  readonly deadline: number;
  /** It is the connection that failed, not the login, before the body was written. */
  readonly unreached?: boolean;
}

type Failed = Extract<Reply, { kind: 'failed' }>;

/** Classifies what fetch, the login or the reading of a response threw. */
export function failedBy(error: unknown, state: CallState): Failed {
  const details = { requestId: state.requestId };
  if (error instanceof OfflineImError && error.code === 'NOT_ATTEMPTED') return failed('no', 'note', error);
  if (state.ended !== undefined) return { ...endedBy(state), sent: state.written ? 'unknown' : 'no' };
  if (!state.written && state.unreached !== true) {
    const text = 'The login failed before the request was written.';
    return failed('no', 'mailbox', new OfflineImError('AUTHENTICATION_FAILED', text, { cause: error, details }));
  }
  if (error instanceof OfflineImError && state.written) return failed('unknown', 'note', error);
  const code = connectionCode(error);
  const withCode = { cause: error, details: code === undefined ? details : { ...details, connectionCode: code } };
  const named = code === undefined ? '' : ` (${code})`;
  if (!state.written || nothingWritten(error)) {
    const text = `No connection to the server could be made${named}.`;
    return failed('no', 'endpoint', new OfflineImError('ENDPOINT_UNREACHABLE', text, withCode));
  }
  const text = `The connection broke after the request may have been written${named}.`;
  return failed('unknown', 'endpoint', new OfflineImError('CONNECTION_LOST', text, withCode));
}

/** The login ended with an answer to a leg without a body, so that there was nothing to process. */
export function endedInLogin(status: number, requestId: string): Failed {
  const text = `The server answered HTTP ${status} to the login, before the request was written.`;
  return failed('no', 'endpoint', new OfflineImError('HTTP_STATUS', text, { details: { status, requestId } }));
}

/** The host's impersonate did not say as whom to ask. */
export function notImpersonated(error: unknown): Failed {
  if (error instanceof OfflineImError) return failed('no', 'mailbox', error);
  throw error;
}

/** The answer arrived and is not what an EWS server says. */
export function unreadableReply(why: string, requestId: string, scope: 'note' | 'endpoint', cause?: unknown): Failed {
  const text = `The response is not an answer of EWS: ${why}.`;
  return failed('unknown', scope, new OfflineImError('RESPONSE_UNREADABLE', text, { cause, details: { requestId } }));
}

/** The caller has nothing to say in this schema version. */
export function unsayable(version: string): Failed {
  return failed('no', 'note', notAttempted(`it can not be said in schema version ${version}`));
}

function endedBy(state: CallState): Failed {
  const { requestId, deadline } = state;
  // A server that hangs for one mailbox may well serve the others: the circuit stays closed.
  if (state.ended === 'deadline') {
    const text = `The server did not answer completely within ${deadline} ms.`;
    return failed('unknown', 'mailbox', new OfflineImError('REQUEST_TIMEOUT', text, { details: { requestId, deadline } }));
  }
  return failed('unknown', 'note', new OfflineImError('REQUEST_ABORTED', 'The request was aborted.', { details: { requestId } }));
}

function failed(sent: 'no' | 'unknown', scope: Failed['scope'], error: OfflineImError): Failed {
  return { kind: 'failed', sent, scope, error };
}
