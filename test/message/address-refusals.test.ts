/** Why addresses are refused, and the longest one accepted. */
import { describe, expect, it } from 'vitest';
import { normalizeDomain, parseAddress } from '../../src/message/address.ts';

/** The reason for an invalid address, between the value and what was expected. */
function why(value: unknown): string {
  try {
    parseAddress(value as string);
  } catch (error) {
    const { message } = error as Error;
    expect(message).toMatch(/ Expected a SIP URI \(sip:bob@contoso\.com\) or an SMTP address .+\)\.$/);
    return /is not an address: (.+?)\. Expected/s.exec(message)?.[1] ?? message;
  }
  return 'it is one';
}

describe('parseAddress refuses', () => {
  it.each([
    [5, 'it is not a string'],
    [`${'x'.repeat(1_000)}@contoso.com`, 'it has more than 1000 characters'],
    ['bob\u0007@contoso.com', 'it holds a control character or a line break'],
    ['bob\u2028x@contoso.com', 'it holds a control character or a line break'],
    ['Bob <bob@contoso.com> x', 'its < and > do not enclose the address at its end'],
    ['[bob@contoso.com](mailto:eve@example.com)', 'its link leads elsewhere than it says'],
    ['X500:/o=Contoso (bob@contoso.com)', '"X500" is another type of address'],
    ['Bob > bob@contoso.com', 'its < and > do not enclose the address at its end'],
    [`${'n'.repeat(257)} <bob@contoso.com>`, 'its display name has more than 256 characters'],
    ['X500:/o=Contoso/cn=bob', '"X500" is another type of address'],
    ['bob', 'it has no @'],
    ['sip:bob%ZZ@contoso.com', 'its percent-escapes are broken'],
    ['@contoso.com', 'nothing is before its @'],
    ['bob b@contoso.com', 'what is before its @ holds a character that no mailbox name has'],
    ['.bob@contoso.com', 'what is before its @ holds a character that no mailbox name has'],
    [`${'x'.repeat(65)}@contoso.com`, 'what is before its @ has more than 64 bytes'],
    [`${'é'.repeat(33)}@contoso.com`, 'what is before its @ has more than 64 bytes'],
    ['bob@', 'what is after its @ is not a domain'],
    ['bob@con toso.com', 'what is after its @ is not a domain'],
    [`${'x'.repeat(64)}@${'a.'.repeat(94)}com`, 'it has more than 254 bytes'],
    ['bob@contoso.com, carol@contoso.com', 'it seems to hold several; give them as an array'],
    ['Bob <bob@contoso.com>, Carol <carol@contoso.com>', 'it seems to hold several; give them as an array'],
    ['<bob@contoso.com> <carol@contoso.com>', 'it seems to hold several; give them as an array'],
    ['sip:bob@contoso.com;carol@contoso.com', 'it seems to hold several; give them as an array'],
    ['carol@contoso.com , Bob <bob@contoso.com>', 'it seems to hold several; give them as an array'],
    ['carol@contoso.com>, Bob <bob@contoso.com>', 'it seems to hold several; give them as an array'],
    ['bob@contoso.com;x=carol@contoso.com', 'it seems to hold several; give them as an array'],
    ['sip:a;b@contoso.com', 'what is before its @ holds a character that no mailbox name has'],
    ['bob@carol@contoso.com', 'what is before its @ holds a character that no mailbox name has'],
    ['é\u200bé@contoso.com', 'what is before its @ holds a character that no mailbox name has'],
    ['é”é@contoso.com', 'what is before its @ holds a character that no mailbox name has'],
    ['bob@contoso.com:25', 'what is after its @ is not a domain'],
    ['mailto:bob@contoso.com:25', 'what is after its @ is not a domain'],
    ['smtp:bob@contoso.com?x', 'what is after its @ is not a domain'],
    ['[Bob](bob@contoso.com) x', 'what is before its @ holds a character that no mailbox name has'],
    ['Bob [bob@contoso.com] x', 'what is before its @ holds a character that no mailbox name has'],
    ['Bob (bob@contoso.com) x', 'what is before its @ holds a character that no mailbox name has'],
    ['x bob@contoso.com (Bob)', 'what is before its @ holds a character that no mailbox name has'],
    ['bob@contoso.com (Bob) x', 'what is after its @ is not a domain'],
  ])('%j: %s', (value, reason) => {
    expect(why(value)).toBe(reason);
  });

  it('nothing at its limits', () => {
    expect(parseAddress(`${'n'.repeat(256)} <bob@contoso.com>`).name).toHaveLength(256);
    expect(parseAddress(`${'x'.repeat(64)}@contoso.com`).address).toHaveLength(76);
    const longest = `${'x'.repeat(64)}@${'a.'.repeat(93)}com`;
    expect([longest.length, parseAddress(longest).address]).toEqual([254, longest]);
    const wide = `sip:bob@contoso.com?${'x'.repeat(980)}`;
    expect([wide.length, parseAddress(wide).address]).toEqual([1_000, 'bob@contoso.com']);
  });
});

describe('parseAddress reads', () => {
  it.each([
    ['"a \\"b\\" <c>" <bob@contoso.com>', { kind: 'smtp', name: 'a "b" <c>' }],
    ['"Bob, \\"B\\" <x@y.z>" <sip:bob@contoso.com>;tag=1', { kind: 'sip', name: 'Bob, "B" <x@y.z>' }],
    ['<bob@contoso.com> ;tag=1', { kind: 'smtp' }],
    ['Bob B [mailto:bob@contoso.com]', { kind: 'smtp', name: 'Bob B' }],
    ['bob@contoso.com   (Bob B)', { kind: 'smtp', name: 'Bob B' }],
    ['" Bob " <bob@contoso.com>', { kind: 'smtp', name: 'Bob' }],
    ['< bob@contoso.com >', { kind: 'smtp' }],
    ["'bob@contoso.com'", { kind: 'smtp' }],
    ['im:bob@contoso.com', { kind: 'sip' }],
    ['sips:bob@contoso.com:5061;transport=tls?subject=a@b', { kind: 'sip' }],
    ['sip://bob@contoso.com', { kind: 'sip' }],
    ['mailto:bob@contoso.com?subject=a, b', { kind: 'smtp' }],
    ['sip:bob@contoso.com;x=a@b,y=c', { kind: 'sip' }],
    ['sip:bob@contoso.com;lr;x=a@b', { kind: 'sip' }],
    ['sip:bob@contoso.com?to=a;b@c', { kind: 'sip' }],
    ['sip:bob@contoso.com:5061', { kind: 'sip' }],
    ['sip:b%6fb@contoso.com', { kind: 'sip' }],
    ['sips:b%6fb@contoso.com', { kind: 'sip' }],
    ['im:b%6fb@contoso.com', { kind: 'sip' }],
    ['Bob\tB <bob@contoso.com>', { kind: 'smtp', name: 'Bob B' }],
    ['Bob "B" <bob@contoso.com>', { kind: 'smtp', name: 'Bob "B"' }],
    ['"Bob" B <bob@contoso.com>', { kind: 'smtp', name: '"Bob" B' }],
    ['Bob<bob@contoso.com>(at work)', { kind: 'smtp', name: 'Bob' }],
    ['Bob <bob@contoso.com>   (at work)', { kind: 'smtp', name: 'Bob' }],
    ['"B <b>" [bob@contoso.com]', { kind: 'smtp', name: 'B <b>' }],
    ['see [Bob](bob@contoso.com)', { kind: 'smtp', name: 'see [Bob]' }],
    ['[bob@contoso.com](sip:bob@contoso.com)', { kind: 'sip' }],
    ['[sip:Bob@contoso.com](im:bob@contoso.com)', { kind: 'sip' }],
  ])('%s', (value, rest) => {
    expect(parseAddress(value)).toEqual({ address: 'bob@contoso.com', ...rest });
  });
});

it('an invalid domain is quoted, beside a valid example', () => {
  expect(() => normalizeDomain('con toso')).toThrow('"con toso" is not a domain. Expected one such as contoso.com.');
});

it('a question mark in the name before the @ is part of the address', () => {
  expect(parseAddress('sip:a?b@contoso.com')).toEqual({ kind: 'sip', address: 'a?b@contoso.com' });
});

it('a password is left out of the quoted value', () => {
  expect(() => parseAddress('sip:bob:hunter2@contoso.com')).toThrow(/^"sip:bob:\*\*\*@contoso\.com" is not an address: /);
});
