import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasCode, OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import {
  type Address,
  addressKey,
  domainOf,
  normalizeDomain,
  parseAddress,
  sameAddress,
  toSipUri,
} from '../../src/message/address.ts';
import { codePoint } from '../support/code-points.ts';

function refusal(value: unknown): OfflineImError {
  try {
    parseAddress(value as string, 'RECIPIENT_INVALID');
  } catch (error) {
    if (error instanceof OfflineImError) return error;
    throw error;
  }
  throw new Error(`accepted: ${String(value)}`);
}

describe('parseAddress', () => {
  const readings: readonly [string, Address][] = [
    ['sip:bob@contoso.com', { kind: 'sip', address: 'bob@contoso.com' }],
    ['SIP:Bob@Contoso.COM', { kind: 'sip', address: 'Bob@contoso.com' }],
    ['sips:bob@contoso.com:5061;transport=tls', { kind: 'sip', address: 'bob@contoso.com' }],
    ['sip:bob@contoso.com;transport=tls?x=y%40z@w', { kind: 'sip', address: 'bob@contoso.com' }],
    ['sip:+14255550123@contoso.com;user=phone', { kind: 'sip', address: '+14255550123@contoso.com' }],
    ['sip:jos%C3%A9%2Bx@contoso.com', { kind: 'sip', address: 'josé+x@contoso.com' }],
    ['bob@contoso.com', { kind: 'smtp', address: 'bob@contoso.com' }],
    ["  o'hara.b+tag@contoso.com ", { kind: 'smtp', address: "o'hara.b+tag@contoso.com" }],
    ['100%25@contoso.com', { kind: 'smtp', address: '100%25@contoso.com' }],
    ['mailto:bob%2Bx@contoso.com?subject=hi', { kind: 'smtp', address: 'bob+x@contoso.com' }],
    ['Bob B <bob@contoso.com>', { kind: 'smtp', address: 'bob@contoso.com', name: 'Bob B' }],
    ['<bob@contoso.com>', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['Example, Bob <sip:bob@contoso.com>', { kind: 'sip', address: 'bob@contoso.com', name: 'Example, Bob' }],
    [
      '"Example, Bob \\"B\\" <x>" <sip:bob@contoso.com>',
      { kind: 'sip', address: 'bob@contoso.com', name: 'Example, Bob "B" <x>' },
    ],
    ['"" <bob@contoso.com>', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['مريم <مريم@contoso.com>', { kind: 'smtp', address: 'مريم@contoso.com', name: 'مريم' }],
    ['bob@MÜNCHEN.example', { kind: 'smtp', address: 'bob@xn--mnchen-3ya.example' }],
    ['bob@例え。テスト', { kind: 'smtp', address: 'bob@xn--r8jz45g.xn--zckzah' }],
    ['SMTP:bob@contoso.com', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['smtp:100%25@contoso.com', { kind: 'smtp', address: '100%25@contoso.com' }],
    ['Bob B <SMTP:bob@contoso.com>', { kind: 'smtp', address: 'bob@contoso.com', name: 'Bob B' }],
    ['SIP: bob@contoso.com', { kind: 'sip', address: 'bob@contoso.com' }],
    ['sip://bob@contoso.com', { kind: 'sip', address: 'bob@contoso.com' }],
    ['im:bob@contoso.com', { kind: 'sip', address: 'bob@contoso.com' }],
    ['sip:bob@contoso.com;', { kind: 'sip', address: 'bob@contoso.com' }],
    ['sip:bob@contoso.com;opaque=user:epid:x3;gruu', { kind: 'sip', address: 'bob@contoso.com' }],
    ['sip:bob@m%C3%BCnchen.example', { kind: 'sip', address: 'bob@xn--mnchen-3ya.example' }],
    ['bob@contoso.com;', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['Bob B <bob@contoso.com>; ', { kind: 'smtp', address: 'bob@contoso.com', name: 'Bob B' }],
    ['"Bob B" <sip:bob@contoso.com>;tag=9fxced76sl;epid=1', { kind: 'sip', address: 'bob@contoso.com', name: 'Bob B' }],
    ['\u202abob@contoso.com\u202c\r\n', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['\u00a0\ufeffbob@contoso.com', { kind: 'smtp', address: 'bob@contoso.com' }],
    ["'bob@contoso.com'", { kind: 'smtp', address: 'bob@contoso.com' }],
    ['"bob@contoso.com"', { kind: 'smtp', address: 'bob@contoso.com' }],
    ["'bob@contoso.com' <bob@contoso.com>", { kind: 'smtp', address: 'bob@contoso.com', name: "'bob@contoso.com'" }],
    ['Bob B [mailto:bob@contoso.com]', { kind: 'smtp', address: 'bob@contoso.com', name: 'Bob B' }],
    ['bob@contoso.com (Bob B)', { kind: 'smtp', address: 'bob@contoso.com', name: 'Bob B' }],
    ['"bob.b"@contoso.com', { kind: 'smtp', address: 'bob.b@contoso.com' }],
    ['bob@contoso.com.', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['Bob@CONTOSO.onmicrosoft.com', { kind: 'smtp', address: 'Bob@contoso.onmicrosoft.com' }],
    ['bob@localhost', { kind: 'smtp', address: 'bob@localhost' }],
    ['“bob@contoso.com”', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['„bob@contoso.com“', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['‘sip:bob@contoso.com’', { kind: 'sip', address: 'bob@contoso.com' }],
    ['«bob@contoso.com»,', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['「bob@contoso.com」、', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['(bob@contoso.com)', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['{SMTP:bob@contoso.com}', { kind: 'smtp', address: 'bob@contoso.com' }],
    ["'o'hara@contoso.com'", { kind: 'smtp', address: "o'hara@contoso.com" }],
    ['Bob B\t<bob@contoso.com>', { kind: 'smtp', address: 'bob@contoso.com', name: 'Bob B' }],
    ['Bob B (bob@contoso.com)', { kind: 'smtp', address: 'bob@contoso.com', name: 'Bob B' }],
    ['Bob B (sip:bob@contoso.com)', { kind: 'sip', address: 'bob@contoso.com', name: 'Bob B' }],
    ['"Bob, B" <bob@contoso.com> (at work)', { kind: 'smtp', address: 'bob@contoso.com', name: 'Bob, B' }],
    ['[bob@contoso.com](mailto:bob@contoso.com)', { kind: 'smtp', address: 'bob@contoso.com' }],
    ['[Bob B](sip:bob@contoso.com)', { kind: 'sip', address: 'bob@contoso.com', name: 'Bob B' }],
  ];
  for (const [value, address] of readings) {
    it(`reads ${value}`, () => expect(parseAddress(value)).toEqual(address));
  }

  const refused: readonly unknown[] = [
    '',
    'bob',
    '@contoso.com',
    'bob@',
    'sip:',
    'sip:contoso.com',
    'sip:@contoso.com',
    'tel:+14255550123',
    'bob@contoso.com\r\nRCPT TO: <eve@example.com>',
    'bob\u0000@contoso.com',
    'sip:bob%0d%0a@contoso.com',
    'sip:bob%zz@contoso.com',
    'sip:bob%40evil.example@contoso.com',
    'bob b@contoso.com',
    'bob\u200b@contoso.com',
    'bob\ud800@contoso.com',
    'bob@contoso.com, eve@example.com',
    'bob@contoso.com;eve@example.com',
    'sip:bob@contoso.com;sip:eve@example.com',
    'sip:bob@contoso.com;eve@example.com',
    'Bob <bob@contoso.com>; Eve <eve@example.com>',
    'Bob <bob@contoso.com>, eve@example.com',
    'eve@example.com, Bob <bob@contoso.com>',
    'X500:/o=Contoso/ou=x/cn=Recipients/cn=bob@contoso.com',
    'EX:/o=Contoso/cn=bob',
    'EUM:bob@contoso.com;phone-context=x',
    'CONTOSO\\bob',
    'CN=Bob,OU=x',
    '"bob"b"@contoso.com',
    '"bob@contoso.com',
    'bob@contoso.com..',
    'bob@eve@contoso.com',
    '.bob@contoso.com',
    'bob..b@contoso.com',
    '"bob b"@contoso.com',
    'bob@contoso..com',
    'bob@-contoso.com',
    'bob@contoso.com/path',
    'bob@192.0.2.1',
    'bob@１２７.１',
    'bob@[192.0.2.1]',
    'bob@contoso_x.com',
    `${'b'.repeat(65)}@contoso.com`,
    `${'é'.repeat(33)}@contoso.com`,
    `bob@${'a'.repeat(64)}.com`,
    `bob@${'abcdefgh.'.repeat(28)}com`,
    `${'B'.repeat(257)} <bob@contoso.com>`,
    'Bob <bob@contoso.com',
    'bob@contoso.com>',
    '“bob@contoso.com',
    'bob@contoso.com”',
    'o’hara@contoso.com',
    'bob@con«toso.com',
    '{SMTP:bob@contoso.com, sip:bob@contoso.com}',
    '{bob@contoso.com,eve@example.com}',
    '(bob@contoso.com;eve@example.com)',
    '[bob@contoso.com](mailto:eve@example.com)',
    'Bob (bob@contoso.com) <eve@example.com> (x@y.example)',
    'sip:bob@'.repeat(100_000),
    undefined,
    null,
    5,
    {},
  ];
  for (const value of refused) {
    it(`refuses ${JSON.stringify(value)?.slice(0, 60)}, with the code it was given`, () => {
      expect(refusal(value).code).toBe('RECIPIENT_INVALID');
    });
  }

  it('quotes the value on one line, cut to a sane length', () => {
    expect(refusal('bob\r\n\u202e').message).toContain('"bob\\r\\n\\u202e" is not an address');
    expect(refusal('x'.repeat(5_000)).message.length).toBeLessThan(400);
  });

  it('says that several belong in an array, and that another type is not an address', () => {
    for (const several of [
      'bob@contoso.com, carol@contoso.com',
      'bob@contoso.com;carol@contoso.com',
      'Bob <b@x.com>; Carol <c@x.com>',
    ]) {
      expect(refusal(several).message).toContain('give them as an array');
    }
    expect(refusal('X500:/o=Contoso/cn=bob@contoso.com').message).toContain('"X500" is another type of address');
  });

  it('reads an address the same in the forms of directories, mail programs and SIP headers', () => {
    const address = fc.constantFrom(
      'bob@contoso.com',
      "o'hara.b+tag@eu.contoso.com",
      'josé@contoso.com',
      'bob@xn--mnchen-3ya.example',
    );
    const typed = fc.constantFrom('', 'smtp:', 'SMTP:', 'sip:', 'SIP:', 'Sips:');
    const named = fc.constantFrom(
      (spec: string) => spec,
      (spec: string) => `<${spec}>`,
      (spec: string) => `Bob <${spec}>`,
      (spec: string) => `"Example, Bob" <${spec}>`,
      (spec: string) => `Bob [${spec}]`,
    );
    const around = fc.constantFrom('', ' ', ';', '; ', ',', '\u200e', '\t');
    fc.assert(
      fc.property(address, typed, named, fc.constantFrom('', ' ', '\ufeff'), around, (plain, type, name, before, after) => {
        expect(parseAddress(`${before}${name(`${type}${plain}`)}${after}`).address).toBe(plain);
      }),
      { numRuns: 300 },
    );
  });

  it('never shows a password in a SIP URI', () => {
    expect(refusal('sip:bob:hunter2@contoso.com').message).not.toContain('hunter2');
  });

  it('throws ADDRESS_INVALID when no code is given', () => {
    expect(() => parseAddress('bob')).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID' }));
  });

  it('returns an address within the limits, or throws an error with its code, for any string', () => {
    const pieces = fc.constantFrom('sip:', '<', '>', '"', '\\', '@', '.', ';', '?', '%', '%40', 'bob', 'contoso.com', 'é', ' ');
    const value = fc.oneof(
      fc.string({ unit: codePoint }),
      fc.array(fc.oneof(pieces, fc.string({ unit: codePoint, maxLength: 3 })), { maxLength: 12 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(value, (text) => {
        try {
          const { address } = parseAddress(text, 'RECIPIENT_INVALID');
          expect(address).toMatch(/^[^@\s<>",;:\\]+@[a-z0-9.-]+$/);
          expect(Buffer.byteLength(address)).toBeLessThanOrEqual(254);
          expect(parseAddress(address).address).toBe(address);
        } catch (error) {
          if (!hasCode(error, 'RECIPIENT_INVALID')) throw error;
        }
      }),
    );
  });

  it('reads back any display name quoted as in RFC 5322', () => {
    const isLine = (text: string): boolean => text.trim() === text && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter(isLine);
    fc.assert(
      fc.property(name, (text) => {
        const quotedName = `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
        expect(parseAddress(`${quotedName} <bob@contoso.com>`).name).toBe(text);
      }),
    );
  });
});

describe('toSipUri', () => {
  it('escapes what a SIP user part cannot hold', () => {
    expect(toSipUri(parseAddress('josé/x?y@contoso.com'))).toBe('sip:jos%C3%A9%2Fx%3Fy@contoso.com');
    expect(toSipUri(parseAddress('sip:+1425@contoso.com'))).toBe('sip:+1425@contoso.com');
  });

  it('is read back to the same address', () => {
    const local = fc.stringMatching(/^[a-zA-Z0-9!#$%&'*+/=?^_`{|}~éßж漢-]{1,20}$/);
    fc.assert(
      fc.property(local, (name) => {
        const address = parseAddress(`${name}@contoso.com`);
        expect(parseAddress(toSipUri(address)).address).toBe(address.address);
      }),
    );
  });
});

describe('comparing addresses', () => {
  it('ignores case, kind, name, and how accents are composed', () => {
    expect(sameAddress(parseAddress('SIP:José@Contoso.com'), parseAddress('J <jose\u0301@CONTOSO.com>'))).toBe(true);
    expect(sameAddress(parseAddress('jose@contoso.com'), parseAddress('josé@contoso.com'))).toBe(false);
    expect(addressKey({ address: 'BOB@Contoso.com' })).toBe('bob@contoso.com');
  });
});

describe('domains', () => {
  it('are compared in lower case and A-labels', () => {
    expect(normalizeDomain('München.Example')).toBe('xn--mnchen-3ya.example');
    expect(normalizeDomain('XN--MNCHEN-3YA.example')).toBe('xn--mnchen-3ya.example');
    expect(domainOf(parseAddress('bob@Sub.Contoso.com'))).toBe('sub.contoso.com');
  });

  for (const value of ['', '*.contoso.com', 'contoso.com:443', 'contoso.com.', '192.0.2.1', 'a b', '[::1]', undefined]) {
    it(`refuses ${JSON.stringify(value)} as an option`, () => {
      expect(() => normalizeDomain(value as string)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    });
  }

  it('are unchanged by a second normalisation', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.string({ unit: 'grapheme', maxLength: 8 })), (text) => {
        let domain: string;
        try {
          domain = normalizeDomain(text);
        } catch (error) {
          if (hasCode(error, 'OPTION_INVALID')) return;
          throw error;
        }
        expect(normalizeDomain(domain)).toBe(domain);
      }),
    );
  });
});
