import { md4 } from '../../../ews/auth/ntlm/md4.ts';
import { nodeModule } from '../http/node-module.ts';
import { type Answer, type Exchanged, provesMessages, sessionKeyOf } from './ntlm-messages.ts';

/** The flag in an NTLMv2 answer that promises a MIC. */
const promisesMic = (): Buffer => Buffer.from([6, 0, 4, 0, 2, 0, 0, 0]);

/**
 * Whether an answer proves the password to a Windows server as it is set up by default: NTLMv2 with or without a MIC and by the client's own
 * clock, NTLMv1, and NTLMv1 with extended session security. A MIC that is promised must be right.
 */
export function provesTolerantly(answer: Answer, password: string, exchanged: Exchanged): boolean {
  const { issued } = exchanged;
  if (answer.nt.length === 24) return provesV1(answer, password, issued.serverChallenge);
  const sessionKey = sessionKeyOf(answer, password, issued);
  if (sessionKey === undefined) return false;
  return !answer.nt.subarray(16).includes(promisesMic(), 28) || provesMessages(answer, sessionKey, exchanged);
}

/** NTLMv1: three encryptions by DES of the challenge, or of one that the client had a part in. */
function provesV1({ nt, lm }: Answer, password: string, serverChallenge: Buffer): boolean {
  const hash = Buffer.concat([md4(Buffer.from(password, 'utf16le')), Buffer.alloc(5)]);
  const mixed = nodeModule('crypto')
    .createHash('md5')
    .update(Buffer.concat([serverChallenge, lm.subarray(0, 8)]))
    .digest();
  return [serverChallenge, mixed.subarray(0, 8)].some((challenge) => {
    const parts = [0, 7, 14].map((at) => des(hash.subarray(at, at + 7), challenge));
    return Buffer.concat(parts).equals(nt);
  });
}

/** DES with a key of 56 bits. OpenSSL 3 has single DES no longer; three times the same key is the same. */
function des(key: Buffer, block: Buffer): Buffer {
  const bits = BigInt(`0x${key.toString('hex')}`);
  const spread = Buffer.from(Array.from({ length: 8 }, (_, n) => Number((bits >> BigInt(49 - 7 * n)) & 0x7fn) << 1));
  const cipher = nodeModule('crypto').createCipheriv('des-ede3-ecb', Buffer.concat([spread, spread, spread]), null);
  cipher.setAutoPadding(false);
  return cipher.update(block);
}
