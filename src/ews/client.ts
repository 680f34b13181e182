import { dateOf, retryAfterOf } from './back-off.ts';
import { readBody } from './body.ts';
import type { EwsCall } from './call.ts';
import { failedBy, notAttempted, unreadableReply, unsayable } from './call-failure.ts';
import { type Limit, startLimit } from './deadline.ts';
import type { EwsServerVersion } from './options.ts';
import type { Reply, ReplyMeta } from './reply.ts';
import { newRequestId } from './request-id.ts';
import type { EwsSettings } from './settings.ts';
import { type Envelope, envelopeFor, readEnvelope, serverInfoOf } from './soap.ts';
import { traceReply, traceRequest } from './trace.ts';
import { NegotiatedVersion, refusesVersion, versionOfServer } from './versions.ts';
import { parseXml } from './xml/read.ts';

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
    for (let version = this.#version.current, refusal: Reply | undefined; ; ) {
      const body = typeof call.body === 'string' ? call.body : call.body(version);
      if (body === undefined) return refusal ?? unsayable(version);
      const reply = await this.#once(call, this.#enveloped(body, version));
      if (!refusesVersion(reply)) return reply;
      tried.push(version);
      const hint = 'meta' in reply ? reply.meta.serverVersion : undefined;
      const next = this.#version.refused(tried, hint);
      if (next === undefined) return reply;
      version = next;
      refusal = reply;
    }
  }

  #enveloped(body: string, version: EwsServerVersion): string {
    let envelope = this.#envelopes.get(version);
    if (envelope === undefined) {
      envelope = envelopeFor(version);
      this.#envelopes.set(version, envelope);
    }
    return envelope.head + body + envelope.tail;
  }

  async #once(call: EwsCall, body: string): Promise<Reply> {
    const { clock, logger, deadline } = this.#settings;
    const requestId = newRequestId();
    const limit = startLimit(clock, call.deadline ?? deadline, call.signal);
    const started = clock.monotonic();
    const reply = await this.#exchange(call, body, requestId, limit);
    limit.release();
    if (logger !== undefined) traceReply(logger, call, requestId, reply, Math.round(clock.monotonic() - started));
    return reply;
  }

  async #exchange(call: EwsCall, body: string, requestId: string, limit: Limit): Promise<Reply> {
    const { url, credentials, clock, maxResponseBytes, deadline } = this.#settings;
    let written = false;
    let meta: ReplyMeta | undefined;
    try {
      const send = async (headers: Readonly<Record<string, string>>): Promise<Response> => {
        if (limit.ended() !== undefined) throw notAttempted('it was aborted before');
        if (call.mayWrite?.() === false) throw notAttempted('the lease is too short, or the sender stops');
        written = true;
        const response = await limit.race(this.#post(call, body, requestId, headers, limit.signal));
        // A request that must log in first was not looked at; the login may go on and fail for reasons of its own.
        if (response.status === 401) written = false;
        return response;
      };
      const response = await limit.race(credentials.authenticate(send, { url, signal: limit.signal }));
      written = true;
      meta = metaOf(response, requestId, clock.now());
      const text = await readBody(response, maxResponseBytes, limit);
      return understand(text, response, meta);
    } catch (error) {
      // Where the status has already told what became of the request, the rest of its body doesn't matter.
      if (meta !== undefined && meta.status !== 200) return { kind: 'http', meta };
      return failedBy(error, { requestId, written, ended: limit.ended(), deadline: call.deadline ?? deadline });
    }
  }

  async #post(
    call: EwsCall,
    body: string,
    requestId: string,
    login: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response> {
    const { fetch, url, logger } = this.#settings;
    if (logger !== undefined) traceRequest(logger, call, requestId, body);
    return fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'text/xml; charset=utf-8',
        accept: 'text/xml',
        'client-request-id': requestId,
        'return-client-request-id': 'true',
        ...login,
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

/** These statuses say all, whatever page or fault comes along. */
const decisive: ReadonlySet<number> = new Set([401, 403, 456]);

function understand(text: string, response: Response, meta: ReplyMeta): Reply {
  const { status, requestId } = meta;
  if (decisive.has(status)) return { kind: 'http', meta };
  try {
    const root = parseXml(text);
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
