import { fileTime, hmacMd5, ntlmV2Response, ntowfV2, utf16 } from './ntlmv2.ts';

/** Target information of a challenge: pairs of an id and a value (MS-NLMP 2.2.2.1). */
export interface AvPair {
  readonly id: number;
  readonly value: Buffer;
}

const avId = { end: 0, flags: 6, timestamp: 7 } as const;

/** Bit of the flags pair: the authenticate message carries a MIC. */
const micProvided = 0x2;

/** Reads pairs up to their end mark. Throws when they run beyond the buffer. */
function readAvPairs(buffer: Buffer): readonly AvPair[] {
  const pairs: AvPair[] = [];
  for (let at = 0; at + 4 <= buffer.length; ) {
    const id = buffer.readUInt16LE(at);
    const length = buffer.readUInt16LE(at + 2);
    if (id === avId.end) break;
    if (at + 4 + length > buffer.length) throw new Error('the target information is cut off');
    pairs.push({ id, value: buffer.subarray(at + 4, at + 4 + length) });
    at += 4 + length;
  }
  return pairs;
}

/** The pairs with their end mark. */
export function writeAvPairs(pairs: readonly AvPair[]): Buffer {
  const parts = pairs.map(({ id, value }) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(value.length, 2);
    return Buffer.concat([head, value]);
  });
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}

/** The pairs, saying that a MIC follows. */
function withMicFlag(pairs: readonly AvPair[]): readonly AvPair[] {
  const flags = pairs.find(({ id }) => id === avId.flags)?.value;
  const value = Buffer.alloc(4);
  value.writeUInt32LE(((flags?.length === 4 ? flags.readUInt32LE(0) : 0) | micProvided) >>> 0);
  return [...pairs.filter(({ id }) => id !== avId.flags), { id: avId.flags, value }];
}

/** Negotiate flags (MS-NLMP 2.2.2.5). */
export const flag = {
  unicode: 0x1,
  requestTarget: 0x4,
  ntlm: 0x200,
  alwaysSign: 0x8000,
  extendedSessionSecurity: 0x80000,
  targetInfo: 0x800000,
  key128: 0x20000000,
  key56: 0x80000000,
} as const;

/** No key exchange: nothing is signed or sealed on an HTTP connection, so the session key only serves the MIC. */
const wanted =
  flag.unicode | flag.requestTarget | flag.ntlm | flag.alwaysSign | flag.extendedSessionSecurity | flag.key128 | flag.key56;

/** Made at each use: where there is no Buffer, a page can still load what never logs in by NTLM. */
const signature = (): Buffer => Buffer.from('NTLMSSP\0', 'latin1');
const micAt = 72;
const payloadAt = 88;

/** Type 1: asks for a challenge. Names nobody. */
export function negotiateMessage(): Buffer {
  const message = Buffer.alloc(32);
  signature().copy(message);
  message.writeUInt32LE(1, 8);
  message.writeUInt32LE(wanted >>> 0, 12);
  return message;
}

/** Type 2, as far as an answer needs it. */
export interface Challenge {
  readonly flags: number;
  readonly serverChallenge: Buffer;
  readonly targetInfo: Buffer;
  /** The message itself, which the MIC covers. */
  readonly raw: Buffer;
}

/** Reads a type 2 message. Throws when it is none, or comes from a server without Unicode. */
export function readChallenge(raw: Buffer): Challenge {
  if (raw.length < 32 || !raw.subarray(0, 8).equals(signature()) || raw.readUInt32LE(8) !== 2) {
    throw new Error('the answer is no NTLM challenge');
  }
  const flags = raw.readUInt32LE(20);
  if ((flags & flag.unicode) === 0) throw new Error('the server offers no Unicode, so no NTLMv2');
  const hasInfo = (flags & flag.targetInfo) !== 0 && raw.length >= 48;
  const [length, at] = hasInfo ? [raw.readUInt16LE(40), raw.readUInt32LE(44)] : [0, 0];
  if (at + length > raw.length) throw new Error('the NTLM challenge is cut off');
  return { flags, serverChallenge: raw.subarray(24, 32), targetInfo: raw.subarray(at, at + length), raw };
}

/** Who answers a challenge. */
export interface Answerer {
  readonly user: string;
  readonly domain: string;
  readonly workstation: string;
  readonly password: string;
}

/** What makes one answer unlike another. */
export interface Freshness {
  readonly clientChallenge: Uint8Array;
  /** ms since 1970, for servers that don't say theirs. */
  readonly now: number;
}

/** Type 3: proves the password to the server that gave this challenge. */
export function authenticateMessage(challenge: Challenge, who: Answerer, fresh: Freshness): Buffer {
  const pairs = readAvPairs(challenge.targetInfo);
  const timestamp = pairs.find(({ id, value }) => id === avId.timestamp && value.length === 8)?.value;
  const response = ntlmV2Response({
    key: ntowfV2(who.password, who.user, who.domain),
    serverChallenge: challenge.serverChallenge,
    clientChallenge: fresh.clientChallenge,
    time: timestamp?.readBigUInt64LE(0) ?? fileTime(fresh.now),
    targetInfo: writeAvPairs(timestamp === undefined ? pairs : withMicFlag(pairs)),
  });
  const message = layOut({
    // A server that says the time wants no LM response, and a MIC (3.1.5.1.2).
    lm: timestamp === undefined ? response.lm : Buffer.alloc(24),
    nt: response.nt,
    domain: utf16(who.domain),
    user: utf16(who.user),
    workstation: utf16(who.workstation),
    flags: challenge.flags & (wanted | flag.targetInfo),
  });
  if (timestamp !== undefined) hmacMd5(response.sessionBaseKey, negotiateMessage(), challenge.raw, message).copy(message, micAt);
  return message;
}

interface Fields {
  readonly lm: Buffer;
  readonly nt: Buffer;
  readonly domain: Buffer;
  readonly user: Buffer;
  readonly workstation: Buffer;
  readonly flags: number;
}

/** Header, room for the MIC, and the fields one after the other. */
function layOut({ lm, nt, domain, user, workstation, flags }: Fields): Buffer {
  const head = Buffer.alloc(payloadAt);
  signature().copy(head);
  head.writeUInt32LE(3, 8);
  const fields = [lm, nt, domain, user, workstation, Buffer.alloc(0)];
  let at = payloadAt;
  for (const [n, field] of fields.entries()) {
    head.writeUInt16LE(field.length, 12 + 8 * n);
    head.writeUInt16LE(field.length, 14 + 8 * n);
    head.writeUInt32LE(at, 16 + 8 * n);
    at += field.length;
  }
  head.writeUInt32LE(flags >>> 0, 60);
  return Buffer.concat([head, ...fields]);
}
