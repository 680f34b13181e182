import type { Exchange } from '../exchange.ts';
import type { FrontRequest } from '../http/front.ts';
import { type AccessOptions, accountOf, type Login, readBasic } from './access.ts';
import { SimulatedTokens } from './tokens.ts';

/** What a scheme that belongs to a connection says about a request. */
export type ConnectionVerdict =
  /** Somebody is logged in on the connection. */
  | { readonly kind: 'name'; readonly name: string }
  /** The login goes on: what follows the scheme's name in `WWW-Authenticate`. */
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'refused' };

/** A login that holds for a connection, such as NTLM. A front that has connections brings it along. */
export interface ConnectionLogin {
  /** As in `WWW-Authenticate`. */
  readonly scheme: string;
  /** Undefined when the request has nothing to do with the scheme. */
  admit(
    connection: object,
    authorization: string | undefined,
    passwordOf: (name: string) => string | undefined,
  ): ConnectionVerdict | undefined;
}

/** Who comes in, or what the 401 says. */
export type Admission =
  | { readonly kind: 'in'; readonly login: Login }
  /** `leg`: the login goes on, and the request was no more than a part of it. */
  | { readonly kind: 'out'; readonly challenges: readonly string[]; readonly leg: boolean };

/** Lets requests in by the ways of logging in that the server offers. */
export class Doorkeeper {
  readonly tokens: SimulatedTokens;
  readonly #options: AccessOptions;
  readonly #exchange: Exchange;
  readonly #onConnection: ConnectionLogin | undefined;

  constructor(options: AccessOptions, exchange: Exchange, onConnection: ConnectionLogin | undefined) {
    this.tokens = new SimulatedTokens(exchange.clock, options.tokens);
    this.#options = options;
    this.#exchange = exchange;
    this.#onConnection = this.#offers('ntlm') ? onConnection : undefined;
  }

  /** Once a request: a leg of a handshake counts. */
  admit({ headers: { authorization }, connection }: FrontRequest): Admission {
    const held =
      connection === undefined ? undefined : this.#onConnection?.admit(connection, authorization, (n) => this.#passwordOf(n));
    if (held?.kind === 'challenge') {
      return { kind: 'out', challenges: [`${this.#onConnection?.scheme} ${held.challenge}`], leg: true };
    }
    const name = held?.kind === 'name' ? held.name : held === undefined ? this.#nameOf(authorization) : undefined;
    const login = name === undefined ? undefined : accountOf(name, this.#exchange, this.#options)?.login;
    return login === undefined ? { kind: 'out', challenges: this.#challenges(), leg: false } : { kind: 'in', login };
  }

  #nameOf(authorization: string | undefined): string | undefined {
    if (authorization === undefined) return undefined;
    const basic = readBasic(authorization);
    if (basic !== undefined) return this.#offers('basic') ? this.#byPassword(basic) : undefined;
    const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1];
    const byToken = token === undefined || !this.#offers('bearer') ? undefined : this.tokens.loginOf(token);
    return byToken ?? this.#options.authenticate?.(authorization);
  }

  #byPassword({ username, password }: { readonly username: string; readonly password: string }): string | undefined {
    if (password === '') return undefined;
    const expected = this.#passwordOf(username);
    return expected === undefined || expected === password ? username : undefined;
  }

  #passwordOf(name: string): string | undefined {
    return accountOf(name, this.#exchange, this.#options)?.password;
  }

  #challenges(): string[] {
    const challenges: string[] = [];
    if (this.#onConnection !== undefined) challenges.push(this.#onConnection.scheme);
    if (this.#options.auth?.includes('bearer') === true) challenges.push('Bearer');
    if (this.#offers('basic')) challenges.push('Basic realm="simulator"');
    return challenges;
  }

  #offers(scheme: 'basic' | 'bearer' | 'ntlm'): boolean {
    return (this.#options.auth ?? ['basic', 'bearer']).includes(scheme);
  }
}
