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
  readonly serverChallenge: Buffer;
  /** As a FILETIME, 8 bytes. */
  readonly timestamp: Buffer;
}

/** Unicode, target (a domain) and target information, NTLM with extended session security, 128 and 56 bits. */
const flags = 0xa08a8205;

/** Writes a challenge, with the time, as servers since Windows Vista do. */
export function issueChallenge(names: ServerNames, now: number): IssuedChallenge {
  const serverChallenge = nodeModule('crypto').randomBytes(8);
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigUInt64LE((BigInt(Math.trunc(now)) + 11_644_473_600_000n) * 10_000n);
  const target = Buffer.from(names.domain, 'utf16le');
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
  head.writeUInt32LE(flags, 20);
  serverChallenge.copy(head, 24);
  field(head, 40, info.length, head.length + target.length);
  return { message: Buffer.concat([head, target, info]), serverChallenge, timestamp };
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
  readonly mic: Buffer;
  /** The message with zeros for the MIC. */
  readonly withoutMic: Buffer;
}

/** Type of an NTLM message; undefined when it is none. */
export function typeOf(message: Buffer): number | undefined {
  return message.length >= 12 && message.toString('latin1', 0, 8) === 'NTLMSSP\0' ? message.readUInt32LE(8) : undefined;
}

/** Reads a type 3 message; undefined when it is not whole. */
export function readAnswer(message: Buffer): Answer | undefined {
  if (message.length < 88) return undefined;
  const part = (at: number): Buffer | undefined => {
    const [length, offset] = [message.readUInt16LE(at), message.readUInt32LE(at + 4)];
    return offset + length <= message.length ? message.subarray(offset, offset + length) : undefined;
  };
  const [nt, domain, user] = [part(20), part(28), part(36)];
  if (nt === undefined || domain === undefined || user === undefined) return undefined;
  const withoutMic = Buffer.from(message).fill(0, 72, 88);
  return { domain: domain.toString('utf16le'), user: user.toString('utf16le'), nt, mic: message.subarray(72, 88), withoutMic };
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
  if (nt.length < 16 + 28 + 4 || nt.readUInt16LE(16) !== 0x0101) return false;
  const owf = hmac(md4(Buffer.from(password, 'utf16le')), Buffer.from(answer.user.toUpperCase() + answer.domain, 'utf16le'));
  const [proof, temp] = [nt.subarray(0, 16), nt.subarray(16)];
  if (!hmac(owf, Buffer.concat([issued.serverChallenge, temp])).equals(proof)) return false;
  if (!temp.subarray(8, 16).equals(issued.timestamp) || !temp.includes(issued.timestamp, 28)) return false;
  const micFlag = Buffer.from([6, 0, 4, 0, 2, 0, 0, 0]);
  if (!temp.includes(micFlag, 28)) return false;
  const sessionKey = hmac(owf, proof);
  return hmac(sessionKey, Buffer.concat([negotiate, issued.message, answer.withoutMic])).equals(answer.mic);
}

function hmac(key: Uint8Array, data: Uint8Array): Buffer {
  return nodeModule('crypto').createHmac('md5', key).update(data).digest();
}
