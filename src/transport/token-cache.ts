import type { Clock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { property } from '../core/errors/thrown.ts';
import { connectionCode, withoutCause } from './connection-errors.ts';

/** Why a token is asked for: there is none, the one at hand ends, or the server refused it (leave out any cache of your own). */
export type TokenReason = 'first' | 'expired' | 'refused';

/** A token and how long it is good. Without an end it is used until the server refuses it. */
export interface AccessToken {
  /** As it goes into the header, without `Bearer`. */
  readonly token: string;
  /** When it ends: a `Date`, or ms since 1970. `null` says nothing. */
  readonly expiresAt?: Date | number | null | undefined;
  /** The same in ms since 1970, as the credentials of `@azure/identity` say it. Ignored beside `expiresAt`. */
  readonly expiresOnTimestamp?: number | undefined;
}

/** Reads what a host's getToken gave. `lifetime`: ms from now, Infinity when it doesn't say. */
function readToken(reply: string | AccessToken, now: number): { readonly value: string; readonly lifetime: number } {
  const given: Partial<AccessToken> = typeof reply === 'string' ? { token: reply } : (reply ?? {});
  const { token, expiresAt = given.expiresOnTimestamp } = given;
  // What RFC 6750 allows; anything else would not survive as a header, or says "Bearer" twice.
  if (typeof token !== 'string' || !/^[\w\-.~+/]+=*$/.test(token)) {
    throw noToken('getToken gave something that is not a token.');
  }
  const lifetime = expiresAt === undefined || expiresAt === null ? Number.POSITIVE_INFINITY : timeOf(expiresAt) - now;
  if (Number.isNaN(lifetime)) {
    throw noToken(
      'getToken gave an expiresAt that is no time; expected a Date, or ms since 1970 (OAuth gives seconds from now: Date.now() + expires_in * 1000).',
    );
  }
  return { value: token, lifetime };
}

/** ms since 1970. Text is not converted: a number of seconds in quotes would pass for one of ms. */
function timeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return Object.prototype.toString.call(value) === '[object Date]' ? Number(value) : Number.NaN;
}

/** Codes of OAuth 2.0 and OpenID Connect, which say why there is no token. */
const oauthCodes: ReadonlySet<string> = new Set([
  'access_denied',
  'consent_required',
  'interaction_required',
  'invalid_client',
  'invalid_grant',
  'invalid_request',
  'invalid_resource',
  'invalid_scope',
  'login_required',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unsupported_grant_type',
]);

/** What passes by itself: the identity provider is busy, or a part of it is down. */
const passing: ReadonlySet<string> = new Set([
  'server_error',
  'temporarily_unavailable',
  'AADSTS50033',
  'AADSTS50196',
  'AADSTS90006',
  'AADSTS90012',
  'AADSTS90024',
  'AADSTS90025',
  'AADSTS90033',
  'AADSTS90055',
]);

/** The host has given what is no token, and would give it again. */
export function noToken(text: string): OfflineImError {
  return new OfflineImError('AUTHENTICATION_FAILED', text, { details: { standing: true } });
}

/**
 * Whether someone must act before there is a token: the identity provider refuses the client, the account or the request, or the host gives none. Whatever
 * else getToken fails with may pass by itself: the token endpoint can't be reached, is busy, or does not answer.
 */
export function isStanding(error: OfflineImError): boolean {
  return error.details?.standing === true;
}

/** How far a text is looked through for a code. */
const lookedThrough = 4_096;

/**
 * The host's getToken failed. Of its error only codes are kept that say what happened: its text, and what hangs on it, may be
 * a page of the identity provider or the request with the client's secret.
 */
function tokenError(error: unknown): OfflineImError {
  const details: { errorName?: string; errorCode?: string; standing?: true } = {};
  const name = property(error, 'name');
  if (typeof name === 'string' && /^(?:[A-Z][a-z]{1,20}){0,4}Error$/.test(name)) details.errorName = name;
  const code = [property(error, 'code'), property(error, 'errorCode'), property(error, 'error')].find(isOAuthCode);
  // Entra ID gives both: the number says more, but either may say that it passes.
  const refusals = [entraCode(error), code].filter((one) => one !== undefined);
  const known = refusals[0] ?? connectionCode(error);
  if (known !== undefined) details.errorCode = known;
  if (refusals.length > 0 && !refusals.some((one) => passing.has(one))) details.standing = true;
  const shown = known ?? details.errorName;
  const text = shown === undefined ? 'getToken failed.' : `getToken failed (${shown}).`;
  return new OfflineImError('AUTHENTICATION_FAILED', text, { details });
}

function isOAuthCode(code: unknown): code is string {
  return typeof code === 'string' && oauthCodes.has(code);
}

/** The number by which Entra ID's documentation explains a refusal. */
function entraCode(error: unknown): string | undefined {
  const message = property(error, 'message');
  return typeof message === 'string' ? /\bAADSTS\d{4,8}\b/.exec(message.slice(0, lookedThrough))?.[0] : undefined;
}

/** Asks the host. `reason` is why the token at hand is not enough, `claims` what the server wants to see in the next one. */
export type AskForToken = (request: {
  readonly signal: AbortSignal;
  readonly reason: TokenReason;
  readonly claims?: string;
}) => Promise<string | AccessToken> | string | AccessToken;

/** What a request waits with. */
interface Waiting {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** A token in use. Compared by identity: the host may give the same text again. */
export interface CachedToken {
  readonly value: string;
  readonly reason: TokenReason;
  /** Whether it was asked for with what the server wants to see in it. */
  readonly challenged: boolean;
  /** Monotonic times. */
  readonly obtained: number;
  readonly expires: number;
  refreshAt: number;
}

/** One question to the host that is still open, shared by all who need its answer. */
interface Pending {
  readonly reason: TokenReason;
  readonly challenged: boolean;
  readonly answer: Promise<CachedToken>;
  abandon(error: OfflineImError): void;
  waiting: number;
}

/** ms. A host that doesn't answer is asked anew by whoever comes then. */
const timeout = 30_000;

/** ms between questions of the same kind that led to nothing: a failed refresh, a fresh token that was refused as well. */
const pause = 10_000;

/** Keeps one token for many requests and sees to it that the host is asked once, not once a request. */
export class TokenCache {
  readonly #ask: AskForToken;
  readonly #refreshBefore: number;
  #token: CachedToken | undefined;
  #pending: Pending | undefined;

  constructor(ask: AskForToken, refreshBefore: number) {
    this.#ask = ask;
    this.#refreshBefore = refreshBefore;
  }

  /** The token to use now. Shortly before its end it is still good: the next one is then fetched beside the requests. */
  async current(waiting: Waiting): Promise<CachedToken> {
    const token = this.#token;
    const now = waiting.clock.monotonic();
    if (token === undefined || now >= token.expires) {
      return this.#wait(this.#question(token === undefined ? 'first' : 'expired', waiting.clock), waiting.signal);
    }
    if (now >= token.refreshAt && this.#pending === undefined) {
      token.refreshAt = now + pause;
      this.#question('expired', waiting.clock);
    }
    return token;
  }

  /**
   * The token to try after the server refused one; undefined when asking again is idle. Requests that were refused with the
   * same token share one question. `claims`: what the server wants the next one to say.
   */
  async afterRefusal(refused: CachedToken, waiting: Waiting, claims?: string): Promise<CachedToken | undefined> {
    // One that was asked for without a word of the claims would be refused for them as well.
    const meets = ({ challenged }: { readonly challenged: boolean }): boolean => claims === undefined || challenged;
    if (this.#token !== undefined && this.#token !== refused && meets(this.#token)) return this.#token;
    // It came for a refusal, and was refused at once: the next would be too.
    if (refused.reason === 'refused' && meets(refused) && waiting.clock.monotonic() - refused.obtained < pause) return undefined;
    if (this.#pending !== undefined && (this.#pending.reason !== 'refused' || !meets(this.#pending))) {
      // Asked before the refusal was known: a host with a cache of its own may have given the same one.
      const next = await this.#wait(this.#pending, waiting.signal);
      if (next.value !== refused.value && meets(next)) return next;
      if (this.#token !== undefined && this.#token !== next && meets(this.#token)) return this.#token;
    }
    return this.#wait(this.#question('refused', waiting.clock, claims), waiting.signal);
  }

  #question(reason: TokenReason, clock: Clock, claims?: string): Pending {
    if (this.#pending !== undefined) return this.#pending;
    const controller = new AbortController();
    const { promise: given, reject } = Promise.withResolvers<never>();
    const close = (): void => {
      cancelTimer();
      if (this.#pending === pending) this.#pending = undefined;
    };
    const abandon = (error: OfflineImError): void => {
      close();
      reject(error);
      controller.abort(error);
    };
    const cancelTimer = clock.setTimer(() => {
      abandon(new OfflineImError('AUTHENTICATION_FAILED', `getToken did not answer within ${timeout} ms.`));
    }, timeout);
    const answer = Promise.race([
      this.#fetch({ reason, signal: controller.signal, ...(claims === undefined ? {} : { claims }) }, clock),
      given,
    ]).then(
      (token) => {
        close();
        this.#token = token;
        return token;
      },
      (error: unknown) => {
        close();
        throw error instanceof OfflineImError ? withoutCause(error) : tokenError(error);
      },
    );
    answer.catch(() => {}); // a refresh beside the requests has nobody waiting
    const pending: Pending = { reason, challenged: claims !== undefined, answer, abandon, waiting: 0 };
    this.#pending = pending;
    return pending;
  }

  async #fetch(request: Parameters<AskForToken>[0], clock: Clock): Promise<CachedToken> {
    const { reason, claims } = request;
    const reply = readToken(await this.#ask(request), clock.now());
    const obtained = clock.monotonic();
    // A clock that is wrong, or a unit mistaken, must not make every request fetch a token.
    const lifetime = Math.max(reply.lifetime, pause);
    const refreshAt = obtained + Math.max(lifetime - this.#refreshBefore, lifetime / 2);
    const challenged = claims !== undefined;
    return { value: reply.value, reason, challenged, obtained, expires: obtained + lifetime, refreshAt };
  }

  /** No longer than the request may take. When nobody is left who waits, the question is dropped. */
  async #wait(pending: Pending, signal: AbortSignal): Promise<CachedToken> {
    pending.waiting += 1;
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const onAbort = (): void =>
      reject(new OfflineImError('AUTHENTICATION_FAILED', 'The request ended while it waited for a token.'));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([pending.answer, ended]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      pending.waiting -= 1;
      if (pending.waiting === 0 && this.#pending === pending) {
        pending.abandon(new OfflineImError('AUTHENTICATION_FAILED', 'Every request that waited for the token has ended.'));
      }
    }
  }
}
