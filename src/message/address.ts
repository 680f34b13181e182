import type { ErrorCode } from '../core/errors/codes.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';
import { domainOf as afterAt, quotation, toAsciiDomain, unseen, utf8Length } from '../core/text.ts';

/** A person's address, read from a SIP URI or an SMTP address. */
export interface Address {
  /** `sip`: the mailbox may have another address (`resolveMailbox`). `smtp`: it is the address of the mailbox. */
  readonly kind: 'sip' | 'smtp';
  /** `local@domain` without a scheme: the domain in lower case and A-labels (`xn--…`), the local part as it was given. */
  readonly address: string;
  /** Display name, if one was given. */
  readonly name?: string;
}

/** The error code for an invalid address: that of a recipient, or of any other address. */
export type AddressErrorCode = Extract<ErrorCode, 'RECIPIENT_INVALID' | 'ADDRESS_INVALID'>;

/** UTF-16 units. Longer values are refused before anything is searched, so that a huge value costs nothing. */
const longestValue = 1_000;
const longestName = 256;
/** RFC 5321, 4.5.3.1: bytes. */
const longestLocal = 64;
const longestAddress = 254;

/** RFC 5322 atoms with dots between them, and what RFC 6532 adds to them. */
const localPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+)*$/iu;
const beyondAscii = /[^\0-\x7f]/;
const control = /[\p{Cc}\p{Zl}\p{Zp}]/u;
const expected =
  'Expected a SIP URI (sip:bob@contoso.com) or an SMTP address (bob@contoso.com, "Example, Bob" <bob@contoso.com>)';

/** The prefixes of addresses: URI schemes, and the types in a directory's proxyAddresses. `escaped`: percent-escapes are decoded. */
const schemes: Readonly<Record<string, { readonly kind: Address['kind']; readonly escaped: boolean }>> = {
  sip: { kind: 'sip', escaped: true },
  sips: { kind: 'sip', escaped: true },
  im: { kind: 'sip', escaped: true },
  mailto: { kind: 'smtp', escaped: true },
  smtp: { kind: 'smtp', escaped: false },
};

/**
 * Reads a SIP URI or an SMTP address as people, programs and directories write it, with or without a display name.
 *
 * It reads `sip:bob@contoso.com` (`sips:` and `im:` too, schemes in any case; port, URI parameters and headers are dropped, percent-escapes
 * decoded), `bob@contoso.com`, `mailto:bob@contoso.com`, `SMTP:bob@contoso.com` and `smtp:…` as `proxyAddresses` has them,
 * `Bob B <bob@contoso.com>`, `"Example, Bob \"B\"" <sip:bob@contoso.com>;tag=1`, `Bob B [mailto:bob@contoso.com]`,
 * `bob@contoso.com (Bob B)`, `Bob B (bob@contoso.com)`, `[Bob B](mailto:bob@contoso.com)`, and any of them in quotes or brackets, or with a separator
 * at its end. Domains and local parts may be Unicode.
 * Quotes around a local part that needs none are removed; one that needs them (`"bob b"@contoso.com`), address literals
 * (`bob@[192.0.2.1]`), passwords and other types of address (`X500:`) are refused: Exchange takes none of them.
 *
 * @param value The text of a person, a file or a program.
 * @param code The code to throw with: `RECIPIENT_INVALID` for a recipient. @default 'ADDRESS_INVALID'
 * @throws {OfflineImError} with that code; the message quotes the value, without a password that it may contain.
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
  const given = withoutWrapping(value.replaceAll('\t', ' '));
  if (control.test(given)) return fail('it holds a control character or a line break');

  const { name, spec } =
    splitName(given) ??
    fail(/[<>]/.test(given) ? 'its < and > do not enclose the address at its end' : 'its link leads elsewhere than it says');
  if (name.length > longestName) return fail(`its display name has more than ${longestName} characters`);
  const { kind, rest, escaped, at } = splitScheme(spec) ?? fail(`${quoted(schemeOf(spec))} is another type of address`);
  if (at < 0) return fail('it has no @');
  if (holdsSeveral(given, spec, kind)) return fail('it seems to hold several; give them as an array');
  const decode = (part: string): string => (escaped ? (decoded(part) ?? fail('its percent-escapes are broken')) : part);
  const local = decode(unquotedLocal(rest.slice(0, at)));
  if (local === '') return fail('nothing is before its @');
  if (!localPart.test(local) || (beyondAscii.test(local) && (unseen.test(local) || quotation.test(local))))
    return fail('what is before its @ holds a character that no mailbox name has');
  if (utf8Length(local) > longestLocal) return fail(`what is before its @ has more than ${longestLocal} bytes`);
  // The last dot of a fully qualified DNS name stands for the root.
  const domain =
    toAsciiDomain(decode(rest.slice(at + 1)).replace(/(?<=[^.])\.$/, '')) ?? fail('what is after its @ is not a domain');
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

/** The key by which addresses are compared, ignoring case, kind, name, and how accents are composed. To show an address, use `address`. */
export function addressKey(address: Pick<Address, 'address'>): string {
  return address.address.normalize('NFC').toLowerCase();
}

/** Whether both are the same person's address, whatever their case, kind and names. */
export function sameAddress(a: Pick<Address, 'address'>, b: Pick<Address, 'address'>): boolean {
  return addressKey(a) === addressKey(b);
}

/** The normalised domain of a parsed address. */
export function domainOf(address: Pick<Address, 'address'>): string {
  return afterAt(address.address);
}

/**
 * A domain in the form in which this library compares domains: lower case, with Unicode labels as A-labels (`münchen.example` → `xn--mnchen-3ya.example`).
 *
 * @param code The code to throw with. @default 'OPTION_INVALID'
 * @throws {OfflineImError} if it is not a domain, such as an IP address, or a domain with a port or wildcard
 */
export function normalizeDomain(domain: string, code: AddressErrorCode | 'OPTION_INVALID' = 'OPTION_INVALID'): string {
  const ascii = typeof domain === 'string' ? toAsciiDomain(domain) : undefined;
  if (ascii === undefined) throw new OfflineImError(code, `${quoted(domain)} is not a domain. Expected one such as contoso.com.`);
  return ascii;
}

/** An address within quotes or brackets of any language, such as the braces of PowerShell's lists. Pairs differ: „…“, “…”, ”…”, »…«. */
const wrapped =
  /^(?:(["'])[^"<>\s]+@[^"<>@\s]+\1|[\p{Pi}\p{Pf}\p{Ps}][^"<>\s\p{Pi}\p{Ps}\p{Pe}]+@[^"<>@\s\p{Pi}\p{Ps}\p{Pe}]+[\p{Pi}\p{Pf}\p{Pe}])$/u;

/** Removes what surrounds a copied address: white space, invisible marks, a separator, quotes. */
function withoutWrapping(value: string): string {
  const bare = value.replace(/^[\s\p{Cf}]+/u, '').replace(/[\s\p{Cf},;，；、]+$/u, '');
  return wrapped.test(bare) ? bare.slice(1, -1) : bare;
}

function splitName(value: string): { name: string; spec: string } | undefined {
  // A Markdown link, whose text is a name or the address once more.
  const link = /^\[([^[\]]*)\]\(([^()\s]+@[^()\s]+)\)$/.exec(value);
  if (link !== null) return linked(link[1], link[2]);
  // A SIP header has its own parameters after the address; a mail header may have a comment.
  const enclosed = /^(.*)<([^<>]*)>(?:\s*;[^<>"@]*|\s*\([^()<>@]*\))?$/s.exec(value);
  if (enclosed !== null) return named(enclosed[1], enclosed[2]);
  if (/[<>]/.test(value.replaceAll(/"(?:[^"\\]|\\.)*"/g, ''))) return undefined;
  // A link in a reply by Outlook, and the form of RFC 822. A colon means that it isn't a name: `X500:/o=a (bob@contoso.com)`.
  const bracketed = /^(.*)\[([^[\]@]+@[^[\]@]+)\]$/s.exec(value) ?? /^([^@():]+)\(([^()@\s]+@[^()@\s]+)\)$/.exec(value);
  if (bracketed !== null) return named(bracketed[1], bracketed[2]);
  const commented = /^(\S+@\S+)\s+\(([^()]*)\)$/.exec(value);
  if (commented !== null) return named(commented[2], commented[1]);
  return { name: '', spec: value };
}

/** Whether a value holds several addresses, of which otherwise all but one would be dropped. URI parameters may hold an @ of their own. */
function holdsSeveral(given: string, spec: string, kind: Address['kind']): boolean {
  if (given.indexOf('@') === given.lastIndexOf('@')) return false;
  const name = given.slice(0, Math.max(given.lastIndexOf(spec), 0)).replaceAll(/"(?:[^"\\]|\\.)*"/g, '');
  if (/@[^\s,;]*[>\s]*[,;]/.test(name) || /<[^<>]*@[^<>]*>/.test(name)) return true;
  if (kind === 'smtp') return /@[^@?]*[,;][^@?]*@/.test(spec);
  return spec
    .replace(/\?.*$/s, '')
    .split(/[;,]/)
    .slice(1)
    .some((part) => part.includes('@') && !part.includes('='));
}

/** Refuses a link whose text is another address than its target. */
function linked(text = '', target = ''): { name: string; spec: string } | undefined {
  if (!text.includes('@')) return named(text, target);
  const bare = (one: string): string => one.toLowerCase().replace(/^(?:mailto|sips?|im):/, '');
  return bare(text) === bare(target) ? named('', target) : undefined;
}

function named(name = '', spec = ''): { name: string; spec: string } {
  return { name: unquoteName(name.trim()), spec: spec.trim() };
}

/** `"Example, Bob \"B\""` → `Example, Bob "B"`. Quotes within an unquoted name stay. */
function unquoteName(name: string): string {
  const inner = /^"((?:[^"\\]|\\.)*)"$/su.exec(name)?.[1];
  return inner === undefined ? name : inner.replaceAll(/\\(.)/gsu, '$1').trim();
}

/** `"bob.b"` is the mailbox `bob.b`; a local part that needs its quotes keeps them, and is refused for them. */
function unquotedLocal(local: string): string {
  const inner = /^"([^"\\]+)"$/.exec(local)?.[1];
  return inner !== undefined && localPart.test(inner) ? inner : local;
}

interface SchemeSplit {
  readonly kind: Address['kind'];
  readonly rest: string;
  readonly escaped: boolean;
  readonly at: number;
}

function schemeOf(spec: string): string | undefined {
  return /^([a-z][a-z0-9+.-]*):/i.exec(spec)?.[1];
}

/**
 * Splits off scheme, port, parameters and headers. In the user part of a SIP URI, `;` and `?` are allowed, so they end nothing before the `@`.
 * `undefined` for an unknown scheme.
 */
function splitScheme(spec: string): SchemeSplit | undefined {
  const name = schemeOf(spec);
  if (name === undefined) return { kind: 'smtp', rest: spec, escaped: false, at: spec.lastIndexOf('@') };
  const scheme = Object.hasOwn(schemes, name.toLowerCase()) ? schemes[name.toLowerCase()] : undefined;
  if (scheme === undefined) return undefined;
  const { kind, escaped } = scheme;
  const uri = spec.slice(name.length + 1).replace(/^\s*(?:\/\/)?/, '');
  if (!escaped) return { kind, rest: uri, escaped, at: uri.lastIndexOf('@') };
  const at = uri.indexOf('@');
  const user = uri.slice(0, Math.max(at, 0));
  const end = kind === 'smtp' ? /[?].*$/s : /(:\d{1,5})?([;?].*)?$/s;
  return { kind, rest: `${user}${uri.slice(user.length).replace(end, '')}`, escaped, at };
}

function decoded(user: string): string | undefined {
  if (!user.includes('%')) return user;
  try {
    return decodeURIComponent(user);
  } catch {
    return undefined;
  }
}

/** SIP's grammar allows `sip:bob:secret@contoso.com`, whose password must not end up in a log. */
function withoutPassword(value: unknown): unknown {
  return typeof value === 'string' ? value.slice(0, longestValue).replace(/((?:sips?|im):[^:@]*:)[^@]*@/i, '$1***@') : value;
}
