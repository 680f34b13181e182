import { createHmac } from 'node:crypto';
import { md4 } from './md4.ts';

/** HMAC-MD5 over the parts, as if they were one. */
export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac('md5', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** NTOWFv2, which is LMOWFv2 too: the key that stands for the password (MS-NLMP 3.3.2). */
export function ntowfV2(password: string, user: string, domain: string): Buffer {
  return hmacMd5(md4(utf16(password)), utf16(upperCase(user) + domain));
}

/** What a response is made of. */
export interface ResponseInput {
  readonly key: Uint8Array;
  readonly serverChallenge: Uint8Array;
  readonly clientChallenge: Uint8Array;
  /** As a FILETIME. */
  readonly time: bigint;
  /** Target information with its end mark. */
  readonly targetInfo: Uint8Array;
}

/** The parts of a response (MS-NLMP 3.3.2). */
export interface NtlmV2Response {
  readonly temp: Buffer;
  readonly proof: Buffer;
  /** NtChallengeResponse: proof and temp. */
  readonly nt: Buffer;
  readonly lm: Buffer;
  readonly sessionBaseKey: Buffer;
}

export function ntlmV2Response(input: ResponseInput): NtlmV2Response {
  const { key, serverChallenge, clientChallenge, time, targetInfo } = input;
  const head = Buffer.alloc(28);
  head.writeUInt16LE(0x0101, 0); // version of the response, and the highest one understood
  head.writeBigUInt64LE(time, 8);
  head.set(clientChallenge, 16);
  const temp = Buffer.concat([head, targetInfo, Buffer.alloc(4)]);
  const proof = hmacMd5(key, serverChallenge, temp);
  return {
    temp,
    proof,
    nt: Buffer.concat([proof, temp]),
    lm: Buffer.concat([hmacMd5(key, serverChallenge, clientChallenge), clientChallenge]),
    sessionBaseKey: hmacMd5(key, proof),
  };
}

/** ms since 1970 as a FILETIME: 100 ns since 1601. */
export function fileTime(ms: number): bigint {
  return (BigInt(Math.trunc(ms)) + 11_644_473_600_000n) * 10_000n;
}

export function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le');
}

/** As Windows does it, one code unit for another: it leaves ß alone where JavaScript makes SS of it. */
function upperCase(text: string): string {
  let upper = '';
  for (let at = 0; at < text.length; at++) {
    const unit = text.charAt(at);
    const changed = unit.toUpperCase();
    upper += changed.length === 1 ? changed : unit;
  }
  return upper;
}
