import { checkArguments } from '../../../core/arguments.ts';
import type { Clock } from '../../../core/clock.ts';
import { tokenArguments } from '../store/arguments.ts';

/** A bearer token that the simulator accepts. */
export interface SimulatedToken {
  readonly token: string;
  /** Whose it is: an address, or the name of the service account. */
  readonly login: string;
  /**
   * From then on it gets 401, by the simulator's clock.
   * @default never
   */
  readonly expiresAt?: Date;
  /**
   * Its permissions in Graph, such as `['Mail.Send']`; EWS ignores them.
   * @default all
   */
  readonly permissions?: readonly string[];
}

/** The bearer tokens that are valid for a simulator. */
export class SimulatedTokens {
  readonly #clock: Clock;
  readonly #tokens = new Map<string, SimulatedToken>();
  /** Issued since the last claims challenge. */
  readonly #unchallenged = new Set<string>();
  #issued = 0;
  #claims: string | undefined;

  constructor(clock: Clock, tokens: readonly SimulatedToken[] = []) {
    checkArguments(SimulatedTokens.prototype, 'tokens', tokenArguments);
    this.#clock = clock;
    for (const token of tokens) this.add(token);
  }

  /** Makes a bearer token valid from now on. */
  add(token: SimulatedToken): void {
    this.#tokens.set(token.token, token);
  }

  /**
   * Issues a token for a login, in JWT form like Microsoft's (with an invalid signature), valid for `lifetime` ms, or until it is revoked.
   */
  issue(login: string, options: { readonly lifetime?: number; readonly permissions?: readonly string[] } = {}): string {
    this.#issued += 1;
    const { lifetime, permissions } = options;
    const now = this.#clock.now();
    const expiresAt = lifetime === undefined ? undefined : new Date(now + lifetime);
    const claims = {
      aud: 'https://outlook.office365.com',
      iss: 'https://sts.windows.net/00000000-0000-0000-0000-000000000000/',
      iat: Math.floor(now / 1000),
      nbf: Math.floor(now / 1000),
      ...(expiresAt === undefined ? {} : { exp: Math.floor(expiresAt.getTime() / 1000) }),
      upn: login,
      jti: String(this.#issued),
      // Whoever looks inside sees the permissions.
      ...(permissions === undefined ? {} : { roles: permissions }),
    };
    const token = [{ typ: 'JWT', alg: 'RS256', kid: 'simulator' }, claims, { simulated: this.#issued }].map(base64Url).join('.');
    this.add({
      token,
      login,
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(permissions === undefined ? {} : { permissions }),
    });
    this.#unchallenged.add(token);
    return token;
  }

  /**
   * A claims challenge, as continuous access evaluation makes one: from now on every token but those issued afterwards answers 401 with these
   * claims, until `revoke()`.
   *
   * @example
   * ```ts
   * exchange.tokens.challenge('{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}');
   * ```
   */
  challenge(claims: string): void {
    this.#claims = claims;
    this.#unchallenged.clear();
  }

  /** From now on it answers 401; without a token, all do. */
  revoke(token?: string): void {
    if (token !== undefined) {
      this.#tokens.delete(token);
      this.#unchallenged.delete(token);
      return;
    }
    this.#tokens.clear();
    this.#unchallenged.clear();
    this.#claims = undefined;
  }

  /** Why a token is refused: what follows `Bearer` in the challenge, and the diagnostics. Undefined while it is good. */
  refusalOf(token: string): { readonly challenge: string; readonly diagnostics: string } | undefined {
    const known = this.#tokens.get(token);
    const refused = (number: number, reason: string, category: string) => ({
      challenge: 'error="invalid_token"',
      diagnostics: `${number};reason="${reason}";error_category="${category}"`,
    });
    if (known === undefined) return refused(2000002, 'The token is not known here, or was revoked.', 'invalid_token');
    if (known.expiresAt !== undefined && known.expiresAt.getTime() <= this.#clock.now()) {
      return refused(2000001, 'The token has expired.', 'token_expired');
    }
    if (this.#claims === undefined || this.#unchallenged.has(token)) return undefined;
    return { ...refused(2000010, 'Claims are missing.', 'insufficient_claims'), challenge: insufficient(this.#claims) };
  }

  /** What it may do at the Graph door; undefined: everything. */
  permissionsOf(token: string): readonly string[] | undefined {
    return this.#tokens.get(token)?.permissions;
  }

  /** Whose token this is, while it is good. */
  loginOf(token: string): string | undefined {
    return this.refusalOf(token) === undefined ? this.#tokens.get(token)?.login : undefined;
  }
}

function insufficient(claims: string): string {
  return `realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="${btoa(claims)}"`;
}

function base64Url(part: object): string {
  const bytes = new TextEncoder().encode(JSON.stringify(part));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');
}
