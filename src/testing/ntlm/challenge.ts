import { randomBytes } from 'node:crypto';

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
  const serverChallenge = randomBytes(8);
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
