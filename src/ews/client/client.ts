import { type Limit, startLimit } from '../../core/deadline.ts';
import { newRequestId } from '../../core/ids.ts';
import { nothingWritten } from '../../transport/connection-errors.ts';
import { readBody } from '../../transport/response-body.ts';
import { dateOf, retryAfterOf } from '../../transport/retry-after.ts';
import { notAttempted } from '../../transport/verdict.ts';
import type { SendOptions } from '../auth/credentials.ts';
import type { EwsServerVersion } from '../options.ts';
import { endedInLogin, failedBy, notImpersonated, unreadableReply, unsayable } from '../outcome/call-failure.ts';
import type { EwsSettings } from '../settings.ts';
import { parseXml } from '../xml/read.ts';
import { type Acting, actingFor } from './impersonation.ts';
import type { EwsCall, Reply, ReplyMeta } from './reply.ts';
import { type Envelope, envelopeFor, readEnvelope, serverInfoOf } from './soap.ts';
import { traceReply, traceRequest } from './trace.ts';
import { NegotiatedVersion, refusesVersion, versionOfServer } from './versions.ts';

/** A request in the form of one schema version. */
interface Prepared {
  readonly call: EwsCall;
  readonly acting: Acting;
  /** The whole envelope. */
  readonly body: string;
}

/** What the login adds to a request. */
interface Leg {
  readonly headers: Readonly<Record<string, string>>;
  readonly options: SendOptions;
}

/**
 * Carries one request out and says how it ended; it never rejects. The one thing it repeats is a request whose schema
 * version was refused, which proves that nothing of it was processed.
 */
export class EwsClient {
  readonly #settings: EwsSettings;
  readonly #version: NegotiatedVersion;
  readonly #envelopes = new Map<EwsServerVersion, Envelope>();

  constructor(settings: EwsSettings) {
    this.#settings = settings;
    this.#version = new NegotiatedVersion(settings.serverVersion, settings.logger);
  }

  /** The schema version that the next request asks for. */
  get version(): EwsServerVersion {
    return this.#version.current;
  }

  /** With a body that can't be said in the version negotiated, the reply is the refusal of the version before. */
  async call(call: EwsCall): Promise<Reply> {
    const tried: EwsServerVersion[] = [];
    let acting: Acting;
    try {
      acting = actingFor(this.#settings.impersonate, call.mailbox);
    } catch (error) {
      return notImpersonated(error);
    }
    for (let version = this.#version.current, refusal: Reply | undefined; ; ) {
      const body = typeof call.body === 'string' ? call.body : call.body(version);
      if (body === undefined) return refusal ?? unsayable(version);
      const reply = await this.#once({ call, acting, body: this.#enveloped(body, version, acting) });
      if (!refusesVersion(reply)) return reply;
      tried.push(version);
      const hint = 'meta' in reply ? reply.meta.serverVersion : undefined;
      const next = this.#version.refused(tried, hint);
      if (next === undefined) return reply;
      version = next;
      refusal = reply;
    }
  }

  #enveloped(body: string, version: EwsServerVersion, acting: Acting): string {
    let envelope = acting.xml === '' ? this.#envelopes.get(version) : envelopeFor(version, acting.xml);
    if (envelope === undefined) {
      envelope = envelopeFor(version);
      this.#envelopes.set(version, envelope);
    }
    return envelope.head + body + envelope.tail;
  }

  async #once(prepared: Prepared): Promise<Reply> {
    const { call } = prepared;
    const { clock, logger, deadline } = this.#settings;
    const requestId = newRequestId();
    const limit = startLimit(clock, call.deadline ?? deadline, call.signal);
    const started = clock.monotonic();
    const reply = await this.#exchange(prepared, requestId, limit);
    limit.release();
    if (logger !== undefined) traceReply(logger, call, requestId, reply, Math.round(clock.monotonic() - started));
    return reply;
  }

  async #exchange(prepared: Prepared, requestId: string, limit: Limit): Promise<Reply> {
    const { call } = prepared;
    const { url, credentials, clock, maxResponseBytes, deadline } = this.#settings;
    let written = false;
    let inLogin = false; // the last leg had no body
    let unwritten: unknown;
    let meta: ReplyMeta | undefined;
    try {
      const send = async (headers: Readonly<Record<string, string>>, options: SendOptions = {}): Promise<Response> => {
        if (limit.ended() !== undefined) throw notAttempted('it was aborted before');
        if (call.mayWrite?.() === false) throw notAttempted('the lease is too short, or the sender stops');
        const before = written;
        inLogin = options.body === 'none';
        written ||= !inLogin;
        try {
          const response = await limit.race(this.#post(prepared, requestId, { headers, options }, limit.signal));
          // A request that must log in first was not looked at; the login may go on and fail for reasons of its own.
          if (!inLogin && response.status === 401) written = false;
          return response;
        } catch (error) {
          if (inLogin || nothingWritten(error)) {
            unwritten = error;
            written = before;
          }
          throw error;
        }
      };
      const response = await limit.race(credentials.authenticate(send, { url, signal: limit.signal, clock }));
      written ||= !inLogin;
      meta = metaOf(response, requestId, clock.now());
      if (!written && !saysNo.has(response.status)) {
        response.body?.cancel().catch(() => {});
        return endedInLogin(response.status, requestId);
      }
      const text = await readBody(response, maxResponseBytes, limit);
      return understand(text, response, meta);
    } catch (error) {
      // Where the status has already told what became of the request, the rest of its body doesn't matter.
      if (meta !== undefined && meta.status !== 200) return { kind: 'http', meta };
      const unreached = unwritten !== undefined && unwritten === error;
      return failedBy(error, { requestId, written, ended: limit.ended(), deadline: call.deadline ?? deadline, unreached });
    }
  }

  async #post({ call, acting, ...prepared }: Prepared, requestId: string, leg: Leg, signal: AbortSignal): Promise<Response> {
    const { url, logger } = this.#settings;
    const { headers, options } = leg;
    const fetch = options.fetch ?? this.#settings.fetch;
    const body = options.body === 'none' ? '' : prepared.body;
    if (logger !== undefined) traceRequest(logger, call, requestId, body);
    return fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'text/xml; charset=utf-8',
        accept: 'text/xml',
        'client-request-id': requestId,
        'return-client-request-id': 'true',
        ...acting.headers,
        ...headers,
      },
      body,
      signal,
      redirect: 'manual', // a redirect leads to a proxy's error page, and would take the login along
      credentials: 'omit',
    });
  }
}

function metaOf(response: Response, requestId: string, now: number): ReplyMeta {
  const date = dateOf(response.headers);
  const retryAfter = retryAfterOf(response.headers, now);
  return {
    requestId,
    status: response.status,
    ...(date === undefined ? {} : { date }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** What these statuses mean they mean in the middle of a login too. */
const saysNo: ReadonlySet<number> = new Set([401, 403, 429, 456]);

/** What is asked for is ids, codes and flags: the longest answers have a quarter of this. */
const mostText = 1_048_576;

/** These statuses say all, whatever page or fault comes along. */
const decisive: ReadonlySet<number> = new Set([401, 403, 456]);

function understand(text: string, response: Response, meta: ReplyMeta): Reply {
  const { status, requestId } = meta;
  if (decisive.has(status)) return { kind: 'http', meta };
  try {
    const root = parseXml(text, { maxText: mostText });
    const soap = readEnvelope(root);
    const serverVersion = versionOfServer(serverInfoOf(root));
    const known = serverVersion === undefined ? meta : { ...meta, serverVersion };
    if (soap !== undefined && 'fault' in soap) return { kind: 'fault', fault: soap.fault, meta: known };
    if (status !== 200) return { kind: 'http', meta };
    if (soap !== undefined) return { kind: 'body', payload: soap.payload, meta: known };
    return unreadableReply('it is no SOAP envelope with a body', requestId, 'note');
  } catch (error) {
    if (status !== 200) return { kind: 'http', meta };
    // A page for people comes from something in front of Exchange, and comes for every mailbox.
    const isPage = /html/i.test(response.headers.get('content-type') ?? '') || /^\s*<(!doctype html|html)/i.test(text);
    if (isPage) return unreadableReply('it is a web page', requestId, 'endpoint');
    return unreadableReply('its XML can not be read or is incomplete', requestId, 'note', error);
  }
}
