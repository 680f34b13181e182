import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { bareCause, connectionCode, proxyStatus, refusedByProxy, withoutCause } from '../../transport/connection-errors.ts';
import { isStanding } from '../../transport/token-cache.ts';
import { notAttempted } from '../../transport/verdict.ts';
import type { Reply, ReplyMeta } from '../client/reply.ts';
import { statusRule } from './http-status.ts';

/** What is known about a request when it fails. */
export interface CallState {
  readonly requestId: string;
  /** `no`: no server has read the request, or one has answered that it did not look at it. */
  readonly sent: 'no' | 'unknown';
  readonly ended: 'deadline' | 'aborted' | undefined;
  /** ms. */
  readonly deadline: number;
  /**
   * What failed before the body was written, or was waited for at the end: the login (the host's own code), the connection,
   * or the server's answer.
   *
   * @default 'login'
   */
  readonly at?: 'login' | 'connection' | 'server';
}

type Failed = Extract<Reply, { kind: 'failed' }>;

/** The login gave something that can't be sent, or can't be read. Its words stay out: they may hold a secret. */
export function unusableLogin(why: string): OfflineImError {
  return new OfflineImError('AUTHENTICATION_FAILED', `The login failed before the request was written: ${why}.`);
}

/** Classifies what fetch, the login or the reading of a response threw. */
export function failedBy(error: unknown, state: CallState): Failed {
  const { requestId, sent } = state;
  const details = { requestId };
  const own = error instanceof OfflineImError ? error : undefined;
  if (own?.code === 'NOT_ATTEMPTED' && sent === 'no') return failed('no', 'note', withoutCause(own));
  if (state.ended !== undefined) return endedBy(state);
  if (own !== undefined) {
    const failure = failed(sent, sent === 'no' ? 'mailbox' : 'note', withoutCause(own, details));
    return sent === 'no' && isStanding(own) ? { ...failure, blocks: true } : failure;
  }
  const code = connectionCode(error);
  const named = code === undefined ? '' : ` (${code})`;
  const options = { cause: bareCause(error), details: code === undefined ? details : { ...details, connectionCode: code } };
  if (sent === 'unknown') {
    const text = `The connection was lost after the request may have been written${named}.`;
    return failed('unknown', 'endpoint', new OfflineImError('CONNECTION_LOST', text, options));
  }
  if (state.at !== 'connection') {
    const text = `The login failed before the request was written${named}.`;
    return failed('no', 'mailbox', new OfflineImError('AUTHENTICATION_FAILED', text, options));
  }
  const status = proxyStatus(error);
  if (status !== undefined) return endedByProxy(status, requestId);
  const text = `Could not connect to the server${named}.`;
  return failed('no', 'endpoint', new OfflineImError('ENDPOINT_UNREACHABLE', text, options));
}

/** A proxy on the way did not connect, so that the server was never reached. */
export function endedByProxy(status: number, requestId: string): Failed {
  const { error, blocks } = refusedByProxy(status, requestId);
  return { ...failed('no', 'endpoint', error), blocks };
}

/** The login ended with an answer to a leg without a body, so that there was nothing to process. What someone must act on blocks as it does after the login. */
export function endedInLogin({ requestId, retryAfter, ...facts }: ReplyMeta): Failed {
  const { status } = facts;
  const { verdict, why } = statusRule(facts);
  const blocks = verdict.kind === 'blocked';
  const text = `The server answered HTTP ${status} to the login, before the request was written: ${why}.`;
  const error = new OfflineImError('HTTP_STATUS', text, { details: { status, requestId } });
  return { ...failed('no', blocks ? verdict.scope : 'endpoint', error), blocks, retryAfter };
}

/** The host's impersonate did not say as whom to ask. */
export function notImpersonated(error: unknown): Failed {
  if (error instanceof OfflineImError) return failed('no', 'mailbox', error);
  throw error;
}

/** The answer arrived and is not what an EWS server says. */
export function unreadableReply(why: string, requestId: string, scope: 'note' | 'endpoint', cause?: unknown): Failed {
  const text = `The response is not from EWS: ${why}.`;
  return failed('unknown', scope, new OfflineImError('RESPONSE_UNREADABLE', text, { cause, details: { requestId } }));
}

/**
 * It is not known what the server refused, and something else kept it from being asked. Without that answer's code: it does not speak of this request, which would be
 * sent again in another form for it.
 */
export function notSettled({ code, message }: OfflineImError, requestId: string): Failed {
  return failed('no', 'note', new OfflineImError(code, message, { details: { requestId } }));
}

/** The caller has nothing to say in this schema version. */
export function unsayable(version: string): Failed {
  return failed('no', 'note', notAttempted(`it can not be said in schema version ${version}`));
}

function endedBy({ ended, requestId, deadline, sent, at }: CallState): Failed {
  const details = { requestId, deadline };
  if (ended === 'aborted') {
    return failed(sent, 'note', new OfflineImError('REQUEST_ABORTED', 'The request was aborted.', { details: { requestId } }));
  }
  if (sent === 'no' && at === 'connection') {
    const text = `Could not connect to the server within ${deadline} ms.`;
    return failed('no', 'endpoint', new OfflineImError('ENDPOINT_UNREACHABLE', text, { details }));
  }
  // A server that hangs for one mailbox may well serve the others: the circuit stays closed.
  const text =
    sent === 'no' && at !== 'server'
      ? `The login did not finish within ${deadline} ms; nothing was written.`
      : `The server did not finish its response within ${deadline} ms.`;
  return failed(sent, 'mailbox', new OfflineImError('REQUEST_TIMEOUT', text, { details }));
}

function failed(sent: 'no' | 'unknown', scope: Failed['scope'], error: OfflineImError): Failed {
  return { kind: 'failed', sent, scope, error };
}
