/** What no part of an address may hold: XML replaces some of these, and nobody can see the others. */
export const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Noncharacter_Code_Point}]/u;
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The part after the last `@`, in lower case; of a parsed address it is normalised already. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/**
 * A domain as domains are compared: lower case, Unicode labels as A-labels. `undefined` when it is no domain.
 *
 * The URL parser knows IDN in every runtime, but also reads `1.2` as an IPv4 address and `a/b` as a path.
 */
export function toAsciiDomain(domain: string): string | undefined {
  if (unseen.test(domain) || /[^a-z0-9.\u0080-\u{10ffff}-]/iu.test(domain)) return undefined;
  const lower = domain.toLowerCase();
  const plain = /^[a-z0-9.-]*$/.test(lower) && !/(^|\.)xn--/.test(lower);
  const ascii = plain ? lower : URL.parse(`http://${domain}/`)?.hostname;
  if (ascii === undefined || ascii.length > 253) return undefined;
  const labels = ascii.split('.');
  if (!labels.every((part) => label.test(part))) return undefined;
  return /^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '') ? undefined : ascii;
}
