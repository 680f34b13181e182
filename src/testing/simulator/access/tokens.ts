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
  issue(login: string, options: { readonly lifetime?: number } = {}): string {
    this.#issued += 1;
    const token = `simulated.${this.#issued}.${login.replace(/[^\w.-]/g, '-')}`;
    const { lifetime } = options;
    this.add({ token, login, ...(lifetime === undefined ? {} : { expiresAt: new Date(this.#clock.now() + lifetime) }) });
    return token;
  }

  /** From now on it answers 401; without a token, all do. */
  revoke(token?: string): void {
    if (token === undefined) this.#tokens.clear();
    else this.#tokens.delete(token);
  }

  /** Whose token this is, while it is good. */
  loginOf(token: string): string | undefined {
    const known = this.#tokens.get(token);
    if (known === undefined) return undefined;
    return known.expiresAt !== undefined && known.expiresAt.getTime() <= this.#clock.now() ? undefined : known.login;
  }
}
