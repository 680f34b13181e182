import type { Clock } from '../../../core/clock.ts';
import type { ConnectionAccount, ConnectionLogin, ConnectionVerdict } from './authenticator.ts';
import {
  type Answer,
  type Exchanged,
  type IssuedChallenge,
  issueChallenge,
  provesPassword,
  readAnswer,
  type ServerNames,
  speaksUnicode,
  typeOf,
} from './ntlm-messages.ts';
import { provesTolerantly } from './ntlm-tolerance.ts';

/** How far the login of a connection has come. */
type Progress =
  | { readonly at: 'challenged'; readonly negotiate: Buffer; readonly issued: IssuedChallenge }
  | { readonly at: 'in'; readonly name: string };

/**
 * NTLM as IIS does it: a challenge holds for the connection it was given on, an answer is checked against the password of
 * the account it names, and whoever is in stays in as long as the connection lasts.
 */
export class NtlmLogin implements ConnectionLogin {
  readonly scheme = 'NTLM';
  readonly #names: ServerNames;
  readonly #clock: Clock;
  readonly #mode: 'tolerant' | 'strict';
  readonly #progress = new WeakMap<object, Progress>();

  constructor(names: ServerNames, clock: Clock, mode: 'tolerant' | 'strict') {
    this.#names = names;
    this.#clock = clock;
    this.#mode = mode;
  }

  admit(
    connection: object,
    authorization: string | undefined,
    accountOf: (name: string) => ConnectionAccount | undefined,
  ): ConnectionVerdict | undefined {
    const progress = this.#progress.get(connection);
    if (authorization === undefined) return progress?.at === 'in' ? { kind: 'name', name: progress.name } : undefined;
    const token = /^NTLM\s+([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1];
    if (token === undefined) return undefined;
    this.#progress.delete(connection); // whatever comes, the login begins anew or ends
    const message = Buffer.from(token, 'base64');
    if (typeOf(message) === 1) {
      const issued = issueChallenge(this.#names, this.#clock.now(), this.#mode === 'strict' || speaksUnicode(message));
      this.#progress.set(connection, { at: 'challenged', negotiate: message, issued });
      return { kind: 'challenge', challenge: issued.message.toString('base64') };
    }
    if (typeOf(message) !== 3 || progress?.at !== 'challenged') return { kind: 'refused' };
    const answer = readAnswer(message, progress.issued.unicode);
    if (answer === undefined || answer.user === '') return { kind: 'refused' };
    const name = this.#nameOf(answer);
    const account = accountOf(name);
    if (account === undefined || !this.#proves(answer, account, progress)) return { kind: 'refused' };
    this.#progress.set(connection, { at: 'in', name });
    return { kind: 'name', name };
  }

  /** A name without a domain is one of the server's own. */
  #nameOf({ domain, user }: Answer): string {
    if (domain !== '') return `${domain}\\${user}`;
    return user.includes('@') || this.#mode === 'strict' ? user : `${this.#names.dnsDomain}\\${user}`;
  }

  #proves(answer: Answer, { password }: ConnectionAccount, exchanged: Exchanged): boolean {
    if (this.#mode === 'strict') return password !== undefined && provesPassword(answer, password, exchanged);
    return password === undefined || provesTolerantly(answer, password, exchanged);
  }
}
