import { type Address, domainOf, normalizeDomain, parseAddress } from '../message/address.ts';
import type { Audience } from '../transport/contract.ts';

/** Which domains belong to the sender's organisation, and which it federates with. */
export interface Organization {
  /** Its own domains, such as `contoso.com`; Unicode or A-labels, in any case. A domain that is here and federated is its own. */
  readonly domains: readonly string[];
  /** Domains it federates with, matched exactly. Recipients elsewhere are refused by the gate; an empty list refuses all. @default every other domain */
  readonly federatedDomains?: readonly string[] | undefined;
  /** True: sub-domains of `domains` are its own as well (`eu.contoso.com`), of `federatedDomains` never. @default false */
  readonly includeSubdomains?: boolean | undefined;
}

/** Where a recipient stands; only the first two can be sent to. */
export type AudienceClassification = Audience | 'not-federated';

/**
 * Tells whether a recipient belongs to the sender's own organisation, by the domain.
 *
 * @param address What `send()` takes as a recipient: a SIP URI or an SMTP address.
 * @throws {OfflineImError} `RECIPIENT_INVALID` for a string that is no address, `OPTION_INVALID` for a domain of the organisation that is none.
 * @example
 * ```ts
 * classifyAudience('sip:bob@fabrikam.com', { domains: ['contoso.com'] }); // 'federated'
 * ```
 */
export function classifyAudience(address: string, organization: Organization): AudienceClassification {
  return audienceOf(parseAddress(address, 'RECIPIENT_INVALID'), organization);
}

/** The same for an address that was parsed. */
export function audienceOf(address: Address, organization: Organization): AudienceClassification {
  const domain = domainOf(address);
  const { domains, federatedDomains, includeSubdomains = false } = organization;
  if (matches(domain, domains, includeSubdomains)) return 'same-organization';
  return federatedDomains === undefined || matches(domain, federatedDomains, false) ? 'federated' : 'not-federated';
}

function matches(domain: string, candidates: readonly string[], subdomains: boolean): boolean {
  // Not some(): a malformed option is an error wherever it stands in the list.
  return candidates
    .map((candidate) => normalizeDomain(candidate))
    .some((candidate) => domain === candidate || (subdomains && domain.endsWith(`.${candidate}`)));
}
