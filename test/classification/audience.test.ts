import { describe, expect, it } from 'vitest';
import {
  type AudienceClassification,
  audienceOf,
  classifyAudience,
  type Organization,
} from '../../src/classification/classification.ts';
import { parseAddress } from '../../src/message/address.ts';

const contoso: Organization = { domains: ['Contoso.com', 'münchen.example'] };
const federating: Organization = { ...contoso, federatedDomains: ['fabrikam.com', 'contoso.com'] };

describe('classifyAudience', () => {
  const cases: readonly [string, Organization, AudienceClassification][] = [
    ['sip:bob@contoso.com', contoso, 'same-organization'],
    ['BOB@CONTOSO.COM', contoso, 'same-organization'],
    ['bob@MÜNCHEN.example', contoso, 'same-organization'],
    ['bob@xn--mnchen-3ya.example', contoso, 'same-organization'],
    ['bob@fabrikam.com', contoso, 'federated'],
    ['bob@eu.contoso.com', contoso, 'federated'],
    ['bob@eu.contoso.com', { ...contoso, includeSubdomains: true }, 'same-organization'],
    ['bob@notcontoso.com', { ...contoso, includeSubdomains: true }, 'federated'],
    ['bob@com', { ...contoso, includeSubdomains: true }, 'federated'],
    ['bob@contoso.com.evil.example', { ...contoso, includeSubdomains: true }, 'federated'],
    ['bob@FABRIKAM.com', federating, 'federated'],
    ['bob@contoso.com', federating, 'same-organization'],
    ['bob@tailspin.com', federating, 'not-federated'],
    ['bob@eu.fabrikam.com', { ...federating, includeSubdomains: true }, 'not-federated'],
    ['bob@fabrikam.com', { ...contoso, federatedDomains: [] }, 'not-federated'],
    ['bob@contoso.com', { domains: [] }, 'federated'],
  ];
  for (const [address, organization, expected] of cases) {
    it(`calls ${address} ${expected} for ${JSON.stringify(organization)}`, () => {
      expect(classifyAudience(address, organization)).toBe(expected);
      expect(audienceOf(parseAddress(address), organization)).toBe(expected);
    });
  }

  it('refuses an invalid domain anywhere in the list', () => {
    expect(() => classifyAudience('bob@contoso.com', { domains: ['contoso.com', '*.contoso.com'] })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  it('refuses an invalid address', () => {
    expect(() => classifyAudience('bob', contoso)).toThrow(expect.objectContaining({ code: 'RECIPIENT_INVALID' }));
  });
});
