import { md4 } from '../../../ews/auth/ntlm/md4.ts';
import { nodeModule } from '../http/node-module.ts';

/** What a simulated server calls itself. */
export interface ServerNames {
  /** NetBIOS name of the domain. */
  readonly domain: string;
  readonly dnsDomain: string;
  readonly computer: string;
}

/** A type 2 message and what an answer to it is checked with. */
export interface IssuedChallenge {
  readonly message: Buffer;
  /** Names are in UTF-16; otherwise in the code page of old clients. */
  readonly unicode: boolean;
  readonly serverChallenge: Buffer;
  /** As a FILETIME, 8 bytes. */
  readonly timestamp: Buffer;
}

/** Unicode, target (a domain) and target information, NTLM with extended session security, 128 and 56 bits. */
const flags = 0xa08a8205;
const flag = { unicode: 1, oem: 2 } as const;

/** Writes a challenge, with the time, as servers since Windows Vista do. */
export function issueChallenge(names: ServerNames, now: number, unicode = true): IssuedChallenge {
  const serverChallenge = nodeModule('crypto').randomBytes(8);
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigUInt64LE((BigInt(Math.trunc(now)) + 11_644_473_600_000n) * 10_000n);
  const target = Buffer.from(names.domain, unicode ? 'utf16le' : 'latin1');
  const info = Buffer.concat([
    pair(2, target),
    pair(1, Buffer.from(names.computer, 'utf16le')),
    pair(4, Buffer.from(names.dnsDomain, 'utf16le')),
    pair(3, Buffer.from(`${names.computer}.${names.dnsDomain}`.toLowerCase(), 'utf16le')),
    pair(7, timestamp),
    pair(0, Buffer.alloc(0)),
  ]);
  const head = Buffer.alloc(56);
  head.write('NTLMSSP\0', 'latin1');
  head.writeUInt32LE(2, 8);
  field(head, 12, target.length, head.length);
  head.writeUInt32LE(unicode ? flags : flags - flag.unicode + flag.oem, 20);
  serverChallenge.copy(head, 24);
  field(head, 40, info.length, head.length + target.length);
  return { message: Buffer.concat([head, target, info]), serverChallenge, timestamp, unicode };
}

/** Whether a type 1 message offers UTF-16. */
export function speaksUnicode(negotiate: Buffer): boolean {
  return negotiate.length < 16 || (negotiate.readUInt32LE(12) & flag.unicode) !== 0;
}

function field(head: Buffer, at: number, length: number, offset: number): void {
  head.writeUInt16LE(length, at);
  head.writeUInt16LE(length, at + 2);
  head.writeUInt32LE(offset, at + 4);
}

function pair(id: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value]);
}

/** What a type 3 message says. */
export interface Answer {
  readonly domain: string;
  readonly user: string;
  readonly nt: Buffer;
  readonly lm: Buffer;
  /** Empty where the client writes none. */
  readonly mic: Buffer;
  /** The message with zeros for the MIC. */
  readonly withoutMic: Buffer;
}

/** Type of an NTLM message; undefined when it is none. */
export function typeOf(message: Buffer): number | undefined {
  return message.length >= 12 && message.toString('latin1', 0, 8) === 'NTLMSSP\0' ? message.readUInt32LE(8) : undefined;
}

/** Reads a type 3 message; undefined when it is not whole. */
export function readAnswer(message: Buffer, unicode = true): Answer | undefined {
  if (message.length < 52) return undefined;
  let first = message.length;
  const part = (at: number): Buffer | undefined => {
    const [length, offset] = [message.readUInt16LE(at), message.readUInt32LE(at + 4)];
    if (length > 0) first = Math.min(first, offset);
    return offset + length <= message.length ? message.subarray(offset, offset + length) : undefined;
  };
  const [lm, nt, domain, user] = [part(12), part(20), part(28), part(36)];
  if (lm === undefined || nt === undefined || domain === undefined || user === undefined) return undefined;
  const text = (bytes: Buffer): string => bytes.toString(unicode ? 'utf16le' : 'latin1');
  const hasMic = first >= 88 && message.length >= 88;
  const withoutMic = hasMic ? Buffer.from(message).fill(0, 72, 88) : message;
  const mic = hasMic ? message.subarray(72, 88) : Buffer.alloc(0);
  return { domain: text(domain), user: text(user), nt, lm, mic, withoutMic };
}

/** What was exchanged on the connection before the answer. */
export interface Exchanged {
  readonly negotiate: Buffer;
  readonly issued: IssuedChallenge;
}

/**
 * Computes what the answer must be and compares: the proof over this server challenge, the server's time, and the MIC over
 * all three messages. NTLMv1 (24 bytes) is refused. Written apart from the client on purpose; they share MD4 alone.
 */
export function provesPassword(answer: Answer, password: string, { negotiate, issued }: Exchanged): boolean {
  const { nt } = answer;
  const sessionKey = sessionKeyOf(answer, password, issued);
  if (sessionKey === undefined) return false;
  const temp = nt.subarray(16);
  if (!temp.subarray(8, 16).equals(issued.timestamp) || !temp.includes(issued.timestamp, 28)) return false;
  const micFlag = Buffer.from([6, 0, 4, 0, 2, 0, 0, 0]);
  if (!temp.includes(micFlag, 28)) return false;
  return provesMessages(answer, sessionKey, { negotiate, issued });
}

/** Checks the proof of an NTLMv2 answer over this server challenge; undefined when it is none, or another password's. */
export function sessionKeyOf(answer: Answer, password: string, issued: IssuedChallenge): Buffer | undefined {
  const { nt } = answer;
  if (nt.length < 16 + 28 || nt.readUInt16LE(16) !== 0x0101) return undefined;
  const owf = hmac(md4(Buffer.from(password, 'utf16le')), Buffer.from(answer.user.toUpperCase() + answer.domain, 'utf16le'));
  const proof = nt.subarray(0, 16);
  return hmac(owf, Buffer.concat([issued.serverChallenge, nt.subarray(16)])).equals(proof) ? hmac(owf, proof) : undefined;
}

/** Whether the MIC is that of all three messages. */
export function provesMessages(answer: Answer, sessionKey: Buffer, { negotiate, issued }: Exchanged): boolean {
  return hmac(sessionKey, Buffer.concat([negotiate, issued.message, answer.withoutMic])).equals(answer.mic);
}

function hmac(key: Uint8Array, data: Uint8Array): Buffer {
  return nodeModule('crypto').createHmac('md5', key).update(data).digest();
}
