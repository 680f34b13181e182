import type { Clock } from '../../core/clock.ts';
import { fromBase64Url } from '../../core/text.ts';
import { type AccessToken, type CachedToken, noToken, TokenCache } from '../../transport/token-cache.ts';
import type { MailboxCredential, TokenCredential } from '../options.ts';
import { isObject, parseJson } from './json.ts';

/** Mailboxes whose tokens are kept at a time, where each has its own. */
const mostMailboxes = 10_000;

/** How long before its end a token is fetched anew, in ms. */
const refreshBefore = 300_000;

/** What a request waits with. */
interface Waiting {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** The host's credential, asked once for all requests that need the same token. */
export class AccessTokens {
  /** What a refusal closes: everything, or the mailbox that has a credential of its own. */
  readonly scope: 'mailbox' | 'endpoint';
  readonly #credential: TokenCredential | MailboxCredential;
  readonly #scopes: readonly string[];
  readonly #caches = new Map<string, TokenCache>();

  constructor(credential: TokenCredential | MailboxCredential, root: string) {
    this.#credential = credential;
    this.#scopes = [`${new URL(root).origin}/.default`];
    this.scope = typeof credential === 'function' ? 'mailbox' : 'endpoint';
  }

  current(mailbox: string, waiting: Waiting): Promise<CachedToken> {
    return this.#cache(mailbox).current(waiting);
  }

  /** The token to try after the server refused one; undefined when asking again is idle. */
  afterRefusal(mailbox: string, refused: CachedToken, waiting: Waiting, claims?: string): Promise<CachedToken | undefined> {
    return this.#cache(mailbox).afterRefusal(refused, waiting, claims);
  }

  #cache(mailbox: string): TokenCache {
    const key = this.scope === 'endpoint' ? '' : mailbox.toLowerCase();
    const known = this.#caches.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#caches.keys();
    // A token that is dropped is asked for again; what is under way keeps the cache that it has.
    if (oldest !== undefined && this.#caches.size >= mostMailboxes) this.#caches.delete(oldest);
    const cache = new TokenCache(({ signal, claims }) => this.#ask(mailbox, signal, claims), refreshBefore);
    this.#caches.set(key, cache);
    return cache;
  }

  async #ask(mailbox: string, signal: AbortSignal, claims: string | undefined): Promise<AccessToken> {
    const asked = claims === undefined ? {} : { claims };
    const credential = this.#credential;
    if (typeof credential === 'function') return credential({ address: mailbox }, { scopes: this.#scopes, signal, ...asked });
    const given = await credential.getToken([...this.#scopes], { abortSignal: signal, ...asked });
    if (given === null) throw noToken('The credential has no token for Microsoft Graph.');
    const { token, expiresOnTimestamp } = given;
    return { token, ...(expiresOnTimestamp === undefined ? {} : { expiresOnTimestamp }) };
  }
}

/**
 * What a refusal wants the next token to say, as JSON: `WWW-Authenticate: Bearer …, error="insufficient_claims", claims="<base64>"`.
 * https://learn.microsoft.com/entra/identity-platform/claims-challenge
 */
export function claimsOf(headers: Headers): string | undefined {
  const value = headers.get('www-authenticate');
  const encoded = typeof value !== 'string' || value.length > 16_384 ? undefined : /\bclaims="([\w+/=-]+)"/i.exec(value)?.[1];
  const bytes =
    encoded === undefined ? undefined : fromBase64Url(encoded.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''));
  if (bytes === undefined) return undefined;
  const text = new TextDecoder().decode(bytes);
  const read = parseJson(text);
  return 'value' in read && isObject(read.value) ? text : undefined;
}
