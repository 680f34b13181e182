import type { Clock } from '../../../core/clock.ts';
import type { ConnectionLogin, ConnectionVerdict } from './doorkeeper.ts';
import { type IssuedChallenge, issueChallenge, provesPassword, readAnswer, type ServerNames, typeOf } from './ntlm-messages.ts';

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
  readonly #progress = new WeakMap<object, Progress>();

  constructor(names: ServerNames, clock: Clock) {
    this.#names = names;
    this.#clock = clock;
  }

  admit(
    connection: object,
    authorization: string | undefined,
    passwordOf: (name: string) => string | undefined,
  ): ConnectionVerdict | undefined {
    const progress = this.#progress.get(connection);
    if (authorization === undefined) return progress?.at === 'in' ? { kind: 'name', name: progress.name } : undefined;
    const token = /^NTLM\s+([A-Za-z0-9+/]+=*)$/i.exec(authorization)?.[1];
    if (token === undefined) return undefined;
    this.#progress.delete(connection); // whatever comes, the login begins anew or ends
    const message = Buffer.from(token, 'base64');
    if (typeOf(message) === 1) {
      const issued = issueChallenge(this.#names, this.#clock.now());
      this.#progress.set(connection, { at: 'challenged', negotiate: message, issued });
      return { kind: 'challenge', challenge: issued.message.toString('base64') };
    }
    if (typeOf(message) !== 3 || progress?.at !== 'challenged') return { kind: 'refused' };
    const answer = readAnswer(message);
    if (answer === undefined) return { kind: 'refused' };
    const name = answer.domain === '' ? answer.user : `${answer.domain}\\${answer.user}`;
    const password = passwordOf(name);
    if (password === undefined || !provesPassword(answer, password, progress)) return { kind: 'refused' };
    this.#progress.set(connection, { at: 'in', name });
    return { kind: 'name', name };
  }
}
