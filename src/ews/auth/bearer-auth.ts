import { byDefault, callback, milliseconds, type RulesFor, readOptions } from '../../core/options.ts';
import { giveUp } from '../../transport/fetch.ts';
import { type AccessToken, type CachedToken, TokenCache, type TokenReason } from '../../transport/token-cache.ts';
import type { Credentials } from './credentials.ts';

/** Options of {@link bearerAuth}. */
export interface BearerAuthOptions {
  /**
   * Returns an access token for EWS; called when there is none, shortly before it expires, and once after the server refused it
   * (`reason: 'refused'`: bypass a cache of your own then). Never called twice at once: requests that need a
   * token at the same time share one call. If it throws, nothing was written: the notes wait for their back-off, or the mailbox is blocked
   * with `AUTHENTICATION_FAILED` if the error is a refusal of OAuth (`invalid_client`, say) or there is no token. Only codes of its
   * error are kept.
   *
   * The signal aborts after 30 s, or when no request waits for the token any more.
   */
  getToken(request: {
    readonly signal: AbortSignal;
    readonly reason: TokenReason;
  }): Promise<string | AccessToken> | string | AccessToken;
  /**
   * How long before a token expires the next one is fetched, in ms; at most half its lifetime. Meanwhile requests go on
   * with the old one.
   *
   * @default 300_000
   */
  readonly refreshBefore?: number | undefined;
}

const rules = {
  getToken: callback<BearerAuthOptions['getToken']>('a function that gives a token'),
  refreshBefore: byDefault(milliseconds(0, 86_400_000), 300_000),
} satisfies RulesFor<BearerAuthOptions>;

/**
 * Logs in with an OAuth access token: the only login of Exchange Online; on-premises it needs hybrid modern authentication.
 *
 * After a 401 the token is refreshed once, for all requests that were refused with it; a second 401 blocks the
 * mailbox with `AUTHENTICATION_FAILED`. An application that acts for mailboxes by itself also needs the transport's
 * `impersonate`.
 *
 * @throws {OfflineImError} `OPTION_INVALID`
 *
 * @example
 * ```ts
 * const credentials = bearerAuth({
 *   getToken: async ({ reason }) => {
 *     const result = await msal.acquireTokenByClientCredential({
 *       scopes: ['https://outlook.office365.com/.default'],
 *       skipCache: reason === 'refused',
 *     });
 *     return { token: result.accessToken, expiresAt: result.expiresOn };
 *   },
 * });
 * ```
 */
export function bearerAuth(options: BearerAuthOptions): Credentials {
  const { getToken, refreshBefore } = readOptions('bearerAuth', options, rules);
  const tokens = new TokenCache((request) => getToken.call(options, request), refreshBefore);
  return {
    scheme: 'bearer',
    authenticate: async (send, context) => {
      const token = await tokens.current(context);
      const response = await send(headersOf(token));
      // A proxy that is busy says 401 and when to come back; a fresh token would not please it, unless it says so.
      if (response.status !== 401 || (response.headers.has('retry-after') && !refusesToken(response))) return response;
      const next = await tokens.afterRefusal(token, context);
      if (next === undefined) return response;
      giveUp(response);
      return send(headersOf(next));
    },
  };
}

/** RFC 6750, 3.1: the token has expired, was revoked or is malformed. */
export function refusesToken(response: Response): boolean {
  return /\binvalid_token\b/i.test((response.headers.get('www-authenticate') ?? '').slice(0, 4_096));
}

function headersOf(token: CachedToken): Record<string, string> {
  return { authorization: `Bearer ${token.value}` };
}
