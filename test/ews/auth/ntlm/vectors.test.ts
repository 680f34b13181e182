/** The published examples: RFC 1320 A.5 for MD4, MS-NLMP 4.2.4 for NTLMv2. */
import { describe, expect, it } from 'vitest';
import { md4 } from '../../../../src/ews/auth/ntlm/md4.ts';
import { writeAvPairs } from '../../../../src/ews/auth/ntlm/messages.ts';
import { fileTime, ntlmV2Response, ntowfV2, utf16 } from '../../../../src/ews/auth/ntlm/ntlmv2.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('MD4, RFC 1320 A.5', () => {
  it.each([
    ['', '31d6cfe0d16ae931b73c59d7e0c089c0'],
    ['a', 'bde52cb31de33e46245e05fbdbd6fb24'],
    ['abc', 'a448017aaf21d8525fc10ae87aa6729d'],
    ['message digest', 'd9130a8164549fe818874806e1c7014b'],
    ['abcdefghijklmnopqrstuvwxyz', 'd79e1c308aa5bbcdeea8ed63df412da9'],
    ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789', '043f8582f241db351ce627e153e7f0e4'],
    ['12345678901234567890123456789012345678901234567890123456789012345678901234567890', 'e33b4ddc9c38f2199c3e7b164fcc0536'],
  ])('%j', (text, digest) => {
    expect(hex(md4(Buffer.from(text, 'latin1')))).toBe(digest);
  });
});

describe('NTLMv2, MS-NLMP 4.2.4', () => {
  const key = ntowfV2('Password', 'User', 'Domain');
  const response = ntlmV2Response({
    key,
    serverChallenge: bytes('01 23 45 67 89 ab cd ef'),
    clientChallenge: bytes('aa aa aa aa aa aa aa aa'),
    time: 0n,
    targetInfo: writeAvPairs([
      { id: 2, value: utf16('Domain') },
      { id: 1, value: utf16('Server') },
    ]),
  });

  it('4.2.4.1.1 NTOWFv2 and LMOWFv2', () => {
    expect(hex(key)).toBe('0c868a403bfd7a93a3001ef22ef02e3f');
  });

  it('4.2.4.1.3 temp', () => {
    const temp =
      '01 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 aa aa aa aa aa aa aa aa 00 00 00 00 02 00 0c 00' +
      '44 00 6f 00 6d 00 61 00 69 00 6e 00 01 00 0c 00 53 00 65 00 72 00 76 00 65 00 72 00 00 00 00 00 00 00 00 00';
    expect(hex(response.temp)).toBe(hex(bytes(temp)));
  });

  it('4.2.4.2.1 the LMv2 response', () => {
    expect(hex(response.lm)).toBe('86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa');
  });

  it('4.2.4.2.2 the proof', () => {
    expect(hex(response.proof)).toBe('68cd0ab851e51c96aabc927bebef6a1c');
    expect(hex(response.nt)).toBe(hex(Buffer.concat([response.proof, response.temp])));
  });

  it('4.2.4.1.2 the session base key', () => {
    expect(hex(response.sessionBaseKey)).toBe('8de40ccadbc14a82f15cb0ad0de95ca3');
  });
});

describe('cases beyond the examples', () => {
  it('upper case follows Windows, code unit by code unit', () => {
    expect(hex(ntowfV2('p', 'straße', 'D'))).toBe(hex(ntowfV2('p', 'STRAßE', 'D')));
    expect(hex(ntowfV2('p', 'straße', 'D'))).not.toBe(hex(ntowfV2('p', 'STRASSE', 'D')));
    expect(hex(ntowfV2('p', 'user', 'd'))).not.toBe(hex(ntowfV2('p', 'user', 'D')));
  });

  it('a FILETIME keeps milliseconds', () => {
    expect(fileTime(0)).toBe(116_444_736_000_000_000n);
    expect(fileTime(1_700_000_000_123.9)).toBe(133_444_736_001_230_000n);
  });
});
