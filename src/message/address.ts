import type { ErrorCode } from '../core/errors/codes.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { utf8Length } from '../core/text.ts';

/** A person's address: what a SIP URI or an SMTP address comes down to. */
export interface Address {
  /** `sip`: the mailbox may have another address (`resolveMailbox`). `smtp`: it is the mailbox. */
  readonly kind: 'sip' | 'smtp';
  /** `local@domain` without scheme; the domain in lower case and in A-labels (`xn--…`), the local part as it was given. */
  readonly address: string;
  /** Display name, where one was given. */
  readonly name?: string;
}

/** The code an invalid address is reported with: that of a recipient, or of any other address. */
export type AddressErrorCode = Extract<ErrorCode, 'RECIPIENT_INVALID' | 'ADDRESS_INVALID'>;

/** Longer values are no addresses; said before anything is searched, so that a huge value costs nothing. */
const longestValue = 1_000;
const longestName = 256;
/** RFC 5321, 4.5.3.1: bytes. */
const longestLocal = 64;
const longestAddress = 254;

/** RFC 5322 atoms with dots between them, and what RFC 6532 adds to them. */
const localPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+)*$/iu;
/** What no part of an address may hold: XML replaces some of these, and nobody can see the others. */
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Noncharacter_Code_Point}]/u;
const control = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const expected =
  'Expected a SIP URI (sip:bob@contoso.com) or an SMTP address (bob@contoso.com, "Example, Bob" <bob@contoso.com>)';

/**
 * Reads a SIP URI or an SMTP address, with or without a display name.
 *
 * Read: `sip:bob@contoso.com` (`sips:` too, the scheme in any case; port, URI parameters and headers are dropped, percent-escapes
 * of the user part decoded), `bob@contoso.com`, `mailto:bob@contoso.com`, `Bob B <bob@contoso.com>`,
 * `"Example, Bob \"B\"" <sip:bob@contoso.com>`. Domains and local parts may be Unicode. Quoted local parts
 * (`"bob b"@contoso.com`), comments, address literals (`bob@[192.0.2.1]`) and passwords are refused: Exchange takes none of them.
 *
 * @param value What a person, a file or a program gave.
 * @param code The code to throw with: `RECIPIENT_INVALID` for a recipient. @default 'ADDRESS_INVALID'
 * @throws {OfflineImError} with that code; the message quotes the value, without a password it may hold.
 * @example
 * ```ts
 * parseAddress('Bob <SIP:bob@Contoso.com;transport=tls>'); // { kind: 'sip', address: 'bob@contoso.com', name: 'Bob' }
 * ```
 */
export function parseAddress(value: string, code: AddressErrorCode = 'ADDRESS_INVALID'): Address {
  const fail = (why: string): never => {
    throw new OfflineImError(code, `${quoted(withoutPassword(value))} is not an address: ${why}. ${expected}.`);
  };
  if (typeof value !== 'string') return fail('it is not a string');
  if (value.length > longestValue) return fail(`it has more than ${longestValue} characters`);
  if (control.test(value)) return fail('it holds a control character or a line break');

  const { name, spec } = splitName(value.trim()) ?? fail('its < and > do not enclose the address at its end');
  if (name.length > longestName) return fail(`its display name has more than ${longestName} characters`);
  const { kind, rest, escaped, at } = splitScheme(spec);
  if (at < 0) return fail('it has no @');
  const local = escaped ? (decoded(rest.slice(0, at)) ?? fail('its percent-escapes are broken')) : rest.slice(0, at);
  if (local === '') return fail('nothing is before its @');
  if (unseen.test(local) || !localPart.test(local))
    return fail('what is before its @ holds a character that no mailbox name has');
  if (utf8Length(local) > longestLocal) return fail(`what is before its @ has more than ${longestLocal} bytes`);
  const domain = toAsciiDomain(rest.slice(at + 1)) ?? fail('what is after its @ is not a domain');
  const address = `${local}@${domain}`;
  if (utf8Length(address) > longestAddress) return fail(`it has more than ${longestAddress} bytes`);
  return name === '' ? { kind, address } : { kind, address, name };
}

/** The address as a SIP URI; `parseAddress` reads it back to the same address. */
export function toSipUri(address: Pick<Address, 'address'>): string {
  const at = address.address.lastIndexOf('@');
  const user = encodeURIComponent(address.address.slice(0, at)).replaceAll('%2B', '+');
  return `sip:${user}${address.address.slice(at)}`;
}

/** What addresses are compared by: without regard to case, kind, name, or the way accents are composed. For people's eyes use `address`. */
export function addressKey(address: Pick<Address, 'address'>): string {
  return address.address.normalize('NFC').toLowerCase();
}

/** True when both are the same person's address, whatever their case, kind and names. */
export function sameAddress(a: Pick<Address, 'address'>, b: Pick<Address, 'address'>): boolean {
  return addressKey(a) === addressKey(b);
}

/** The part after the `@`; of a parsed address it is normalised already. */
export function domainOf(address: Pick<Address, 'address'>): string {
  return address.address.slice(address.address.lastIndexOf('@') + 1).toLowerCase();
}

/**
 * A domain as this library compares domains: lower case, Unicode labels as A-labels (`münchen.example` → `xn--mnchen-3ya.example`).
 *
 * @param code The code to throw with. @default 'OPTION_INVALID'
 * @throws {OfflineImError} when it is not a domain; IP addresses, ports and wildcards are none.
 */
export function normalizeDomain(domain: string, code: AddressErrorCode | 'OPTION_INVALID' = 'OPTION_INVALID'): string {
  const ascii = typeof domain === 'string' ? toAsciiDomain(domain) : undefined;
  if (ascii === undefined) throw new OfflineImError(code, `${quoted(domain)} is not a domain. Expected one such as contoso.com.`);
  return ascii;
}

function splitName(value: string): { name: string; spec: string } | undefined {
  if (!value.endsWith('>')) return { name: '', spec: value };
  const open = value.lastIndexOf('<');
  if (open < 0) return undefined;
  return { name: unquoteName(value.slice(0, open).trim()), spec: value.slice(open + 1, -1).trim() };
}

/** `"Example, Bob \"B\""` → `Example, Bob "B"`. Quotes within an unquoted name are left to it. */
function unquoteName(name: string): string {
  const inner = /^"((?:[^"\\]|\\.)*)"$/su.exec(name)?.[1];
  return inner === undefined ? name : inner.replaceAll(/\\(.)/gsu, '$1').trim();
}

interface SchemeSplit {
  readonly kind: Address['kind'];
  readonly rest: string;
  readonly escaped: boolean;
  readonly at: number;
}

/** Takes off scheme, port, parameters and headers. In a SIP user part `;` and `?` are allowed, so they end nothing before the `@`. */
function splitScheme(spec: string): SchemeSplit {
  const scheme = /^(sips?|mailto):/i.exec(spec)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: 'smtp', rest: spec, escaped: false, at: spec.lastIndexOf('@') };
  const uri = spec.slice(scheme.length + 1);
  const at = uri.indexOf('@');
  const user = uri.slice(0, Math.max(at, 0));
  if (scheme === 'mailto')
    return { kind: 'smtp', rest: `${user}${uri.slice(user.length).replace(/\?.*$/s, '')}`, escaped: true, at };
  return { kind: 'sip', rest: `${user}${uri.slice(user.length).replace(/(:\d{1,5})?([;?].*)?$/s, '')}`, escaped: true, at };
}

function decoded(user: string): string | undefined {
  try {
    return decodeURIComponent(user);
  } catch {
    return undefined;
  }
}

/** `undefined` when it is no domain. The URL parser knows IDN in every runtime, but also reads `1.2` as an IPv4 address and `a/b` as a path. */
function toAsciiDomain(domain: string): string | undefined {
  if (unseen.test(domain) || /[^a-z0-9.\u0080-\u{10ffff}-]/iu.test(domain)) return undefined;
  const lower = domain.toLowerCase();
  const plain = /^[a-z0-9.-]*$/.test(lower) && !/(^|\.)xn--/.test(lower);
  const ascii = plain ? lower : URL.parse(`http://${domain}/`)?.hostname;
  if (ascii === undefined || ascii.length > 253) return undefined;
  const labels = ascii.split('.');
  if (!labels.every((part) => label.test(part))) return undefined;
  return /^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') ? undefined : ascii;
}

/** `sip:bob:secret@contoso.com` is allowed by the grammar of SIP, and must not end in a log. */
function withoutPassword(value: unknown): unknown {
  return typeof value === 'string' ? value.slice(0, longestValue).replace(/(sips?:[^:@]*:)[^@]*@/i, '$1***@') : value;
}
