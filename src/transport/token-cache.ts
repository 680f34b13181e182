import type { Clock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { isDate, property } from '../core/errors/thrown.ts';
import { connectionCode, withoutCause } from './connection-errors.ts';

/** Why a token is requested: `first`, there is none; `expired`, the current one ends; `refused`, the server refused it, so bypass any cache of your own. */
export type TokenReason = 'first' | 'expired' | 'refused';

/** A token and when it expires. Without an expiry, it is used until the server refuses it. */
export interface AccessToken {
  /** The token as it goes into the header, without `Bearer`. */
  readonly token: string;
  /** When it expires: a `Date`, or ms since 1970. `null` counts as left out. @default used until the server refuses it */
  readonly expiresAt?: Date | number | null | undefined;
  /** The same in ms since 1970, as credentials of `@azure/identity` return it. Ignored beside `expiresAt`. */
  readonly expiresOnTimestamp?: number | undefined;
}

/** Reads what a host's getToken returned. `lifetime`: ms from now; Infinity if it doesn't say. */
function readToken(reply: string | AccessToken, now: number): { readonly value: string; readonly lifetime: number } {
  const given: Partial<AccessToken> = typeof reply === 'string' ? { token: reply } : (reply ?? {});
  const { token, expiresAt = given.expiresOnTimestamp } = given;
  // As RFC 6750 allows; anything else wouldn't survive as a header, or would say "Bearer" twice.
  if (typeof token !== 'string' || !/^[\w\-.~+/]+=*$/.test(token)) {
    throw noToken(
      'getToken returned something that is not a token; expected its text without "Bearer", or { token, expiresAt }.',
    );
  }
  const lifetime = expiresAt === undefined || expiresAt === null ? Number.POSITIVE_INFINITY : timeOf(expiresAt) - now;
  if (Number.isNaN(lifetime)) {
    throw noToken(
      'getToken returned an expiresAt that is not a time; expected a Date, or ms since 1970 (OAuth gives seconds from now: Date.now() + expires_in * 1000).',
    );
  }
  return { value: token, lifetime };
}

/** ms since 1970. Text isn't converted: a number of seconds in quotes would pass for ms. */
function timeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return isDate(value) ? Number(value) : Number.NaN;
}

/** Codes of OAuth 2.0 and OpenID Connect for why there is no token. */
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

/** Codes of faults that pass: the identity provider is busy, or a part of it is down. */
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

/** The host returned something that is not a token, and would do so again. */
export function noToken(text: string): OfflineImError {
  return new OfflineImError('AUTHENTICATION_FAILED', text, { details: { standing: true } });
}

/**
 * Whether someone must act before there is a token: the identity provider refuses the client, the account or the request, or the host returns no token. Any other
 * failure of getToken may pass: the token endpoint can't be reached, is busy, or doesn't answer.
 */
export function isStanding(error: OfflineImError): boolean {
  return error.details?.standing === true;
}

/** How many characters of a text are searched for a code. */
const lookedThrough = 4_096;

/**
 * The error of a failed getToken. Only codes that say what happened are kept of the host's error: its message and properties may hold a page of the identity provider, or
 * the request with the client's secret.
 */
function tokenError(error: unknown): OfflineImError {
  const details: { errorName?: string; errorCode?: string; standing?: true } = {};
  const name = property(error, 'name');
  if (typeof name === 'string' && /^(?:[A-Z][a-z]{1,20}){0,4}Error$/.test(name)) details.errorName = name;
  const code = [property(error, 'code'), property(error, 'errorCode'), property(error, 'error')].find(isOAuthCode);
  // Entra ID has both: the number says more, but either may mean that the fault passes.
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

/** Entra ID's number for a refusal, as its documentation lists it. */
function entraCode(error: unknown): string | undefined {
  const message = property(error, 'message');
  return typeof message === 'string' ? /\bAADSTS\d{4,8}\b/.exec(message.slice(0, lookedThrough))?.[0] : undefined;
}

/** The host's getToken. `reason`: why the current token isn't enough; `claims`: what the server wants to see in the next one. */
export type AskForToken = (request: {
  readonly signal: AbortSignal;
  readonly reason: TokenReason;
  readonly claims?: string;
}) => Promise<string | AccessToken> | string | AccessToken;

/** A request that needs a token. */
interface Waiting {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** A token in use. Compared by identity, since the host may return the same text again. */
export interface CachedToken {
  readonly value: string;
  readonly reason: TokenReason;
  /** Whether it was requested with the server's claims. */
  readonly challenged: boolean;
  /** Monotonic times. */
  readonly obtained: number;
  readonly expires: number;
  refreshAt: number;
}

/** A call of getToken in progress, shared by all requests that need its token. */
interface Pending {
  readonly reason: TokenReason;
  readonly challenged: boolean;
  readonly answer: Promise<CachedToken>;
  abandon(error: OfflineImError): void;
  waiting: number;
}

/** ms that a call of getToken may take; the next request then calls it again. */
const timeout = 30_000;

/** ms between calls of getToken that would be in vain: after a failed refresh, or a fresh token that was refused as well. */
const pause = 10_000;

/** Keeps one token for many requests, so that the host is asked once, not once per request. */
export class TokenCache {
  readonly #ask: AskForToken;
  readonly #refreshBefore: number;
  #token: CachedToken | undefined;
  #pending: Pending | undefined;

  constructor(ask: AskForToken, refreshBefore: number) {
    this.#ask = ask;
    this.#refreshBefore = refreshBefore;
  }

  /** The token to use now. Shortly before it expires it is still good, and the next one is fetched in the background. */
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
   * The token to try after the server refused one; `undefined` if asking again is pointless. Requests that were refused with the same token share one call of getToken.
   *
   * @param claims What the server wants to see in the next token.
   */
  async afterRefusal(refused: CachedToken, waiting: Waiting, claims?: string): Promise<CachedToken | undefined> {
    // A token requested without the claims would be refused as well.
    const meets = ({ challenged }: { readonly challenged: boolean }): boolean => claims === undefined || challenged;
    if (this.#token !== undefined && this.#token !== refused && meets(this.#token)) return this.#token;
    // It was fetched after a refusal and refused at once: so would the next.
    if (refused.reason === 'refused' && meets(refused) && waiting.clock.monotonic() - refused.obtained < pause) return undefined;
    if (this.#pending !== undefined && (this.#pending.reason !== 'refused' || !meets(this.#pending))) {
      // Requested before the refusal was known: a host with a cache of its own may return the same token.
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
      abandon(new OfflineImError('AUTHENTICATION_FAILED', `getToken did not return within ${timeout} ms.`));
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
    answer.catch(() => {}); // nobody waits for a refresh in the background
    const pending: Pending = { reason, challenged: claims !== undefined, answer, abandon, waiting: 0 };
    this.#pending = pending;
    return pending;
  }

  async #fetch(request: Parameters<AskForToken>[0], clock: Clock): Promise<CachedToken> {
    const { reason, claims } = request;
    const reply = readToken(await this.#ask(request), clock.now());
    const obtained = clock.monotonic();
    // A wrong clock, or seconds in place of ms, must not make every request fetch a token.
    const lifetime = Math.max(reply.lifetime, pause);
    const refreshAt = obtained + Math.max(lifetime - this.#refreshBefore, lifetime / 2);
    const challenged = claims !== undefined;
    return { value: reply.value, reason, challenged, obtained, expires: obtained + lifetime, refreshAt };
  }

  /** Waits no longer than the request may take. Aborts the call of getToken when nobody waits for it any more. */
  async #wait(pending: Pending, signal: AbortSignal): Promise<CachedToken> {
    pending.waiting += 1;
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const onAbort = (): void =>
      reject(new OfflineImError('AUTHENTICATION_FAILED', 'The request ended while waiting for a token.'));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      return await Promise.race([pending.answer, ended]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      pending.waiting -= 1;
      if (pending.waiting === 0 && this.#pending === pending) {
        pending.abandon(new OfflineImError('AUTHENTICATION_FAILED', 'Every request waiting for the token has ended.'));
      }
    }
  }
}
