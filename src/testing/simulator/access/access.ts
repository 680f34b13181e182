import type { Exchange } from '../exchange.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';
import { EwsFault } from '../xml/ews-errors.ts';
import { delegatesOf } from './delegates.ts';
import type { SimulatedToken } from './tokens.ts';

/** A way to log in. */
export type AuthScheme = 'basic' | 'bearer' | 'ntlm';

/** How requests are let in. */
export interface AccessOptions {
  /**
   * `'anonymous'` lets everybody in who gives no login, for tests that call with a bare `fetch`: as a service account, acting for the mailbox
   * that `X-AnchorMailbox` names, or for the first.
   * @default 'login'
   */
  readonly access?: 'login' | 'anonymous';
  /**
   * `'strict'` takes what a client of today writes and nothing else: NTLMv2 over the server's time, with a MIC. Windows takes NTLMv1 and what
   * lacks both by default, and so does `'tolerant'`.
   * @default 'tolerant'
   */
  readonly ntlm?: 'tolerant' | 'strict';
  /**
   * The ways to log in that the server offers. NTLM needs a front with connections: the HTTP server.
   * @default ['basic', 'bearer']
   */
  readonly auth?: readonly AuthScheme[];
  /**
   * A service account: it may open and impersonate every mailbox. Mailboxes log in with their own address all the same.
   * @default none
   */
  readonly credentials?: { readonly username: string; readonly password: string };
  /**
   * Bearer tokens that are good from the start; `exchange.tokens` issues and revokes others while the server runs.
   * @default none
   */
  readonly tokens?: readonly SimulatedToken[];
  /**
   * Judges `Authorization` headers that nothing else knows: the login's address, or undefined for 401.
   * @default every other scheme is refused
   */
  readonly authenticate?: (authorization: string) => string | undefined;
}

/** Who is logged in. */
export interface Login {
  /** Lower case. */
  readonly name: string;
  /** The service account. */
  readonly service: boolean;
  /** The login's own mailbox; a service account need not have one. */
  readonly mailbox: SimulatedMailbox | undefined;
}

/** The name in an `Authorization` header, unverified; '' when there is none. */
export function claimedLogin(authorization: string | undefined): string {
  return authorization === undefined ? '' : (readBasic(authorization)?.username.toLowerCase() ?? '');
}

/** The mailbox a request acts for: the login's own, or the one it impersonates. */
export function actingMailbox(login: Login, impersonate: string | undefined, exchange: Exchange): SimulatedMailbox | undefined {
  if (impersonate === undefined) return login.mailbox;
  const mailbox = exchange.find(impersonate);
  // Impersonating oneself needs no right.
  if (!login.service && mailbox !== login.mailbox) throw new EwsFault('ErrorImpersonateUserDenied');
  if (mailbox === undefined) throw new EwsFault('ErrorNonExistentMailbox');
  return mailbox;
}

/** Whether the login may send with that mailbox as From. */
export function maySendAs(login: Login, acting: SimulatedMailbox, from: SimulatedMailbox): boolean {
  if (from === acting || login.service) return true;
  return delegatesOf(from).get(acting.address)?.sendAs === true;
}

/** An account by the name it logs in with, and the password it must give; undefined when any will do. */
export function accountOf(
  username: string,
  exchange: Exchange,
  options: AccessOptions,
): { readonly login: Login; readonly password: string | undefined } | undefined {
  const name = username.toLowerCase();
  const service = options.credentials?.username.toLowerCase() === name;
  const mailbox = findByLogin(name, exchange);
  if (service) return { login: { name, service, mailbox }, password: options.credentials?.password };
  return mailbox === undefined ? undefined : { login: { name, service, mailbox }, password: mailbox.password };
}

/** By address (the UPN), or as DOMAIN\user. */
function findByLogin(name: string, exchange: Exchange): SimulatedMailbox | undefined {
  const backslash = name.indexOf('\\');
  if (backslash === -1) return exchange.find(name);
  const [domain, user] = [name.slice(0, backslash), name.slice(backslash + 1)];
  return exchange.mailboxes.find((m) => m.address.startsWith(`${user}@${domain}.`) || m.address === `${user}@${domain}`);
}

export function readBasic(authorization: string): { username: string; password: string } | undefined {
  const encoded = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  try {
    const binary = atob(encoded);
    const isAscii = !/[^\0-\x7f]/.test(binary);
    const text = isAscii ? binary : new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
    const colon = text.indexOf(':');
    return colon === -1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
  } catch {
    return undefined;
  }
}
