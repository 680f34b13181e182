import type { Clock } from '../../../core/clock.ts';

/** A bearer token that the simulator takes. */
export interface SimulatedToken {
  readonly token: string;
  /** Whose it is: an address, or the name of the service account. */
  readonly login: string;
  /**
   * From then on it answers 401, by the simulator's clock.
   * @default never
   */
  readonly expiresAt?: Date;
  /**
   * What it may do at the Graph door, such as `['Mail.Send']`; EWS knows no such thing.
   * @default everything
   */
  readonly permissions?: readonly string[];
}

/** The bearer tokens that are good at a simulator. */
export class SimulatedTokens {
  readonly #clock: Clock;
  readonly #tokens = new Map<string, SimulatedToken>();
  #issued = 0;

  constructor(clock: Clock, tokens: readonly SimulatedToken[] = []) {
    this.#clock = clock;
    for (const token of tokens) this.add(token);
  }

  add(token: SimulatedToken): void {
    this.#tokens.set(token.token, token);
  }

  /** A new token for a login, good for `lifetime` ms, or until it is revoked. */
  issue(login: string, options: { readonly lifetime?: number; readonly permissions?: readonly string[] } = {}): string {
    this.#issued += 1;
    const { lifetime, permissions } = options;
    // Whoever looks inside sees the permissions, as in the tokens of Microsoft.
    const inside =
      permissions === undefined ? String(this.#issued) : btoa(JSON.stringify({ roles: permissions, jti: this.#issued }));
    const token = `simulated.${inside.replace(/=+$/, '')}.${login.replace(/[^\w.-]/g, '-')}`;
    this.add({
      token,
      login,
      ...(lifetime === undefined ? {} : { expiresAt: new Date(this.#clock.now() + lifetime) }),
      ...(permissions === undefined ? {} : { permissions }),
    });
    return token;
  }

  /** From now on it answers 401; without a token, all do. */
  revoke(token?: string): void {
    if (token === undefined) this.#tokens.clear();
    else this.#tokens.delete(token);
  }

  /** What it may do at the Graph door; undefined: everything. */
  permissionsOf(token: string): readonly string[] | undefined {
    return this.#tokens.get(token)?.permissions;
  }

  /** Whose token this is, while it is good. */
  loginOf(token: string): string | undefined {
    const known = this.#tokens.get(token);
    if (known === undefined) return undefined;
    return known.expiresAt !== undefined && known.expiresAt.getTime() <= this.#clock.now() ? undefined : known.login;
  }
}
