/** What Windows accepts by default: old responses too. The NTLMv1 values are those of MS-NLMP 4.2. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Answer, Exchanged } from '../../../../src/testing/simulator/access/ntlm-messages.ts';
import { provesTolerantly } from '../../../../src/testing/simulator/access/ntlm-tolerance.ts';

const serverChallenge = Buffer.from('0123456789abcdef', 'hex');
const exchanged: Exchanged = {
  negotiate: Buffer.alloc(0),
  issued: { message: Buffer.alloc(0), serverChallenge, timestamp: Buffer.alloc(8), unicode: true },
};
const answer = (nt: string, lm = ''): Answer => ({
  domain: 'Domain',
  user: 'User',
  nt: Buffer.from(nt, 'hex'),
  lm: Buffer.from(lm, 'hex'),
  mic: Buffer.alloc(0),
  withoutMic: Buffer.alloc(0),
});

describe('an NTLMv1 response', () => {
  it('as MS-NLMP 4.2.2.2.1 has it', () => {
    const nt = '67c43011f30298a2ad35ece64f16331c44bdbed927841f94';
    expect(provesTolerantly(answer(nt), 'Password', exchanged)).toBe(true);
    expect(provesTolerantly(answer(nt), 'Passwort', exchanged)).toBe(false);
  });

  it('with extended session security, as MS-NLMP 4.2.3.2.1 has it', () => {
    const nt = '7537f803ae367128ca458204bde7caf81e97ed2683267232';
    const lm = `${'aa'.repeat(8)}${'00'.repeat(16)}`;
    expect(provesTolerantly(answer(nt, lm), 'Password', exchanged)).toBe(true);
    expect(provesTolerantly(answer(nt, `${'ab'.repeat(8)}${'00'.repeat(16)}`), 'Password', exchanged)).toBe(false);
  });

  it('of any other length proves nothing', () => {
    expect(provesTolerantly(answer(createHash('md5').update('').digest('hex')), 'Password', exchanged)).toBe(false);
  });
});
