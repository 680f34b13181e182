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

/** An account, and the password it must prove; undefined when any will do. */
export interface ConnectionAccount {
  readonly password: string | undefined;
}

/** A login that holds for a connection, such as NTLM. A front that has connections brings it along. */
export interface ConnectionLogin {
  /** As in `WWW-Authenticate`. */
  readonly scheme: string;
  /** Undefined when the request has nothing to do with the scheme. */
  admit(
    connection: object,
    authorization: string | undefined,
    accountOf: (name: string) => ConnectionAccount | undefined,
  ): ConnectionVerdict | undefined;
}

/** Who comes in, or what the 401 says. */
export type Admission =
  | { readonly kind: 'in'; readonly login: Login }
  /** `leg`: the login goes on, and the request was no more than a part of it. */
  | {
      readonly kind: 'out';
      readonly challenges: readonly string[];
      readonly leg: boolean;
      /** Why a token is refused. */
      readonly diagnostics?: string;
    };

/** Lets requests in by the ways of logging in that the server offers. */
export class Authenticator {
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
  admit({ headers, connection }: FrontRequest): Admission {
    const { authorization } = headers;
    const held =
      connection === undefined ? undefined : this.#onConnection?.admit(connection, authorization, (n) => this.#accountOf(n));
    if (held?.kind === 'challenge') {
      return { kind: 'out', challenges: [`${this.#onConnection?.scheme} ${held.challenge}`], leg: true };
    }
    const name = held?.kind === 'name' ? held.name : held === undefined ? this.#nameOf(authorization) : undefined;
    const login = name === undefined ? undefined : this.#accountOf(name)?.login;
    if (login !== undefined) return { kind: 'in', login };
    const anonymous = authorization === undefined ? this.#anonymous(headers['x-anchormailbox']) : undefined;
    return anonymous === undefined ? this.#refusal(authorization) : { kind: 'in', login: anonymous };
  }

  #anonymous(anchor: string | undefined): Login | undefined {
    if (this.#options.access !== 'anonymous') return undefined;
    const named = anchor === undefined ? undefined : this.#exchange.find(anchor.replace(/^smtp:/i, ''));
    return { name: 'anonymous', service: true, mailbox: named ?? this.#exchange.mailboxes[0] };
  }

  #refusal(authorization: string | undefined): Admission {
    const token = tokenIn(authorization);
    const why = token === undefined || !this.#offers('bearer') ? undefined : this.tokens.refusalOf(token);
    if (why === undefined) return { kind: 'out', challenges: this.#challenges(), leg: false };
    const challenges = this.#challenges().filter((one) => one !== 'Bearer');
    return { kind: 'out', challenges: [`Bearer ${why.challenge}`, ...challenges], leg: false, diagnostics: why.diagnostics };
  }

  #nameOf(authorization: string | undefined): string | undefined {
    if (authorization === undefined) return undefined;
    const basic = readBasic(authorization);
    if (basic !== undefined) return this.#offers('basic') ? this.#byPassword(basic) : undefined;
    const token = tokenIn(authorization);
    const byToken = token === undefined || !this.#offers('bearer') ? undefined : this.tokens.loginOf(token);
    return byToken ?? this.#options.authenticate?.(authorization);
  }

  #byPassword({ username, password }: { readonly username: string; readonly password: string }): string | undefined {
    if (password === '') return undefined;
    const expected = this.#accountOf(username)?.password;
    return expected === undefined || expected === password ? username : undefined;
  }

  #accountOf(name: string): ReturnType<typeof accountOf> {
    return accountOf(name, this.#exchange, this.#options);
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

function tokenIn(authorization: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
}
