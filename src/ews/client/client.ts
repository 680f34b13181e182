import { type Limit, startLimit } from '../../core/clock.ts';
import { isA } from '../../core/errors/thrown.ts';
import { newRequestId } from '../../core/text.ts';
import { handshakeRefused, nothingWritten } from '../../transport/connection-errors.ts';
import { answerWithin, giveUp, isResponse, readBody } from '../../transport/fetch.ts';
import { watchRequest } from '../../transport/request-watch.ts';
import { notAttempted } from '../../transport/verdict.ts';
import type { SendOptions } from '../auth/credentials.ts';
import { getFolderXml } from '../operations/folders.ts';
import type { EwsServerVersion } from '../options.ts';
import { endedByProxy, endedInLogin, failedBy, notImpersonated, unsayable, unusableLogin } from '../outcome/call-failure.ts';
import type { EwsSettings } from '../settings.ts';
import { Attempt } from './attempt.ts';
import { isSchemaFault, NegotiatedVersion, refusesVersion, toldBy, waiting } from './negotiated-version.ts';
import type { EwsCall, Reply, ReplyMeta, SchemaLook } from './reply.ts';
import { type Acting, actingFor, type Envelope, envelopeFor, headersOf, metaOf, understand } from './soap.ts';
import { traceReply, traceRequest } from './trace.ts';

/** A request in the form of one schema version. */
interface Prepared {
  readonly call: EwsCall;
  readonly acting: Acting;
  /** The whole envelope. */
  readonly body: string;
}

/** What the login adds to a request. */
interface LegRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly options: SendOptions;
}

/** A request under one schema version. */
interface Asked {
  readonly call: EwsCall;
  readonly acting: Acting;
  readonly version: EwsServerVersion;
}

/** The request that a leg belongs to. */
interface LegContext {
  readonly attempt: Attempt;
  readonly limit: Limit;
}

/** A proxy answered 407 in the server's place, which fetch reports as an error without a code. */
class ProxyRefusal extends Error {}

/**
 * Sends one request and returns how it ended; never rejects. It repeats a request only when the server refused its schema
 * version, which proves that nothing of it was processed.
 */
export class EwsClient {
  readonly #settings: EwsSettings;
  readonly #version: NegotiatedVersion;
  readonly #envelopes = new Map<EwsServerVersion, Envelope>();
  /** By mailbox, monotonic: when a 401 said "busy". */
  readonly #busyLogins = new Map<string, number>();

  constructor(settings: EwsSettings) {
    this.#settings = settings;
    this.#version = new NegotiatedVersion(settings.serverVersion, settings.logger);
  }

  /** The schema version that the next request for a mailbox asks for. */
  versionFor(mailbox: string): EwsServerVersion {
    return this.#version.of(mailbox);
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
    for (let version = this.#version.of(call.mailbox), refusal: Reply | undefined; ; ) {
      const body = typeof call.body === 'string' ? call.body : call.body(version);
      if (body === undefined) return refusal ?? unsayable(version);
      const reply = await this.#once({ call, acting, body: this.#enveloped(body, version, acting) });
      if (wasSentBesides(reply) && call.reads !== true) return reply;
      const judged = await this.#judged(reply, { call, acting, version });
      if (judged !== 'version-refused') return judged;
      tried.push(version);
      const hint = 'meta' in reply ? reply.meta.serverVersion : undefined;
      const next = this.#version.refused(call.mailbox, tried, hint);
      if (next === undefined) {
        for (const one of tried) this.#version.learn(call.mailbox, one, true); // or halves of a batch would go through all of them again
        return reply;
      }
      version = next;
      refusal = reply;
    }
  }

  /**
   * Whether the version is what a reply refuses. A server whose schema lacks its name says no more than that the request does not fit the schema: then a look tells.
   * Where that tells nothing, the first one is judged as if it was refused for one of its notes, if it has several; a single note waits, since only the version may be
   * wrong.
   */
  async #judged(reply: Reply, asked: Asked): Promise<Reply | 'version-refused'> {
    const { call, version } = asked;
    const { mailbox, notes, reads } = call;
    if (refusesVersion(reply, call)) return 'version-refused';
    if (reply.kind === 'body') this.#version.served(mailbox, version);
    if (!isSchemaFault(reply)) return reply;
    const look = this.#version.takes(mailbox, version) !== false && (await this.#look(asked));
    // A request that was served meanwhile tells more than the look.
    const takes = this.#version.takes(mailbox, version) ?? look;
    if (takes === false) return 'version-refused';
    return takes === true || (notes.length > 1 && reads !== true) ? reply : waiting(takes);
  }

  /** What a request that every schema has tells of the version, once in a delivery. What was known before no longer counts: the mailbox may have moved to an older server. */
  async #look({ call, acting, version }: Asked): Promise<SchemaLook> {
    const { mailbox, looks } = call;
    const key = version + mailbox;
    const known = looks?.get(key);
    if (known !== undefined) return known;
    this.#version.doubt(mailbox, version);
    const body = getFolderXml('msgfolderroot', mailbox);
    const request: EwsCall = { ...call, operation: 'GetFolder', body, reads: true };
    const answer = await this.#once({ call: request, acting, body: this.#enveloped(body, version, acting) });
    const look = toldBy(answer, request);
    looks?.set(key, look);
    if (typeof look === 'boolean') this.#version.learn(mailbox, version, look);
    return look;
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
    const { clock, logger, requestTimeout } = this.#settings;
    const requestId = newRequestId();
    const limit = startLimit(clock, call.deadline ?? requestTimeout, call.signal);
    const started = clock.monotonic();
    const reply = this.#busyOnce(call.mailbox, started, await this.#exchange(prepared, requestId, limit));
    limit.release();
    if (logger !== undefined) traceReply(logger, call, requestId, reply, Math.round(clock.monotonic() - started));
    return reply;
  }

  /**
   * A 401 that names a time means "busy" where it comes once. A second one in a row, from a request that began after the first,
   * is a refused login: trying it again and again at the server's pace would lock the account.
   */
  #busyOnce(mailbox: string, started: number, reply: Reply): Reply {
    const key = mailbox.toLowerCase();
    if (reply.kind !== 'http' || reply.meta.status !== 401) {
      if (reply.kind !== 'failed') this.#busyLogins.delete(key);
      return reply;
    }
    const { retryAfter, ...meta } = reply.meta;
    if (retryAfter === undefined) return reply;
    const since = this.#busyLogins.get(key);
    if (since === undefined) this.#busyLogins.set(key, this.#settings.clock.monotonic());
    return meta.tokenRefused === true || (since !== undefined && started >= since) ? { kind: 'http', meta } : reply;
  }

  async #exchange(prepared: Prepared, requestId: string, limit: Limit): Promise<Reply> {
    const { url, credentials, clock, maxResponseBytes } = this.#settings;
    const deadline = prepared.call.deadline ?? this.#settings.requestTimeout;
    const attempt = new Attempt();
    let meta: ReplyMeta | undefined;
    let unsent = false;
    try {
      if (limit.ended() !== undefined) throw notAttempted('it was aborted before');
      const send = (headers: Readonly<Record<string, string>>, options: SendOptions = {}): Promise<Response> =>
        this.#leg(prepared, requestId, { headers, options }, { attempt, limit });
      const login = async (): Promise<Response> => credentials.authenticate(send, { url, signal: limit.signal, clock });
      const response = await limit.race(login()).finally(() => attempt.finish());
      if (!isResponse(response)) throw unusableLogin('authenticate() resolved with something that is no Response');
      // A login that sends by itself has sent the body, for all we know.
      const sent = attempt.begun ? attempt.sent : 'unknown';
      meta = {
        ...metaOf(response, { requestId, url, now: clock.now(), scheme: credentials.scheme }),
        ...(attempt.sentBesides(response.status) ? { sentBesides: true } : {}),
      };
      unsent = sent === 'no' && (meta.nobody === true || !saysNo.has(response.status));
      // Of the others, only a page with 200 or 400 may say more than its status.
      if (unsent && response.status !== 200 && response.status !== 400) {
        giveUp(response);
        return endedInLogin(meta);
      }
      const reply = understand(await readBody(response, maxResponseBytes, limit), response, meta);
      return unsent ? endedInLogin('meta' in reply ? reply.meta : meta) : reply;
    } catch (error) {
      // Where the status has already told what became of the request, the rest of its body doesn't matter.
      if (meta !== undefined && (unsent || meta.status !== 200)) return unsent ? endedInLogin(meta) : { kind: 'http', meta };
      if (isA(error, ProxyRefusal)) return endedByProxy(407, requestId);
      const waits = attempt.waits ? 'server' : 'login';
      const at = attempt.isConnectionError(error) || attempt.unconnected ? 'connection' : waits;
      return failedBy(error, { requestId, sent: attempt.sent, ended: limit.ended(), deadline, at });
    } finally {
      attempt.closed.resolve();
    }
  }

  /** Sends the request once. */
  async #leg(prepared: Prepared, requestId: string, what: LegRequest, { attempt, limit }: LegContext): Promise<Response> {
    if (limit.ended() !== undefined) throw notAttempted('it was aborted before');
    if (attempt.over) throw notAttempted('its login has ended before');
    if (attempt.lost) throw new Error('lost');
    const headers = headersOf(prepared.acting, requestId, what.headers);
    if (prepared.call.mayWrite?.() === false) throw notAttempted('the lease is too short, or the sender stops');
    const hasBody = what.options.body !== 'none';
    // What changes nothing may be repeated.
    const watch = watchRequest(requestId, hasBody && prepared.call.reads !== true && prepared.call.mayWrite);
    const leg = attempt.begin(hasBody, () => watch.abandon() === 'unwritten');
    const asked = this.#post(prepared, requestId, { ...what, headers }, limit.signal);
    try {
      const response = await answerWithin(limit, asked);
      attempt.lost = watch.sentBesides(response.status);
      if (!attempt.lost) leg.answered(response.status);
      return response;
    } catch (error) {
      // A host's fetch that failed may have other requests under way.
      const fact = hasBody || limit.ended() !== undefined ? watch.abandon() : watch.fact();
      // Of what was written, the error may be that of a repetition.
      const refused = handshakeRefused(fact === 'written' ? watch.socketError() : error);
      if (watch.status() === 407) {
        leg.answered(407);
        throw new ProxyRefusal();
      }
      const unwritten = fact === 'unwritten' || (fact === 'unseen' && nothingWritten(error)) || refused;
      // What the end of its time broke off was still waiting for the server: whoever hears of that end first, here or in the login, says the same.
      if (unwritten || limit.ended() === undefined) leg.failed(error, unwritten);
      throw error;
    } finally {
      asked.then(() => attempt.closed.promise.then(watch.end), watch.end);
    }
  }

  async #post({ call, ...prepared }: Prepared, requestId: string, leg: LegRequest, signal: AbortSignal): Promise<Response> {
    const { url, logger } = this.#settings;
    const { headers, options } = leg;
    const fetch = options.fetch ?? this.#settings.fetch;
    const body = options.body === 'none' ? '' : prepared.body;
    if (logger !== undefined) traceRequest(logger, call, requestId, body);
    return fetch(url, {
      method: 'POST',
      headers,
      body,
      signal,
      redirect: 'manual', // a redirect leads to a proxy's error page, and would take the login along
      credentials: 'omit',
    });
  }
}

/** What these statuses mean they mean in the middle of a login too. */
const saysNo: ReadonlySet<number> = new Set([401, 403, 429, 456]);

/** A login has sent the body twice: what one answer refuses may have been processed by the other. */
function wasSentBesides(reply: Reply): boolean {
  return 'meta' in reply && reply.meta.sentBesides === true;
}
