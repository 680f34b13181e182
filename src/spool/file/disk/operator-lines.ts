import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GatheredBytes } from '../../../core/text.ts';
import { errnoOf } from './file-layer.ts';

/*
 * How an operator's process talks to the one that has a FileSpool open: lines of JSON over a socket. First each side proves, without sending it, that it knows the token in
 * `owner.json`, as only those who may read the folder do, and that it means the same folder: a copy has the same files.
 *
 *   operator  {"offlineIm":1,"nonce":…}
 *   owner     {"proof":…,"nonce":…}
 *   operator  {"proof":…}
 *   operator  {"id":1,"call":"counts","args":[]}
 *   owner     {"id":1,"working":true} each second, then {"id":1,"result":…} or {"id":1,"error":{"code":…,"message":…}}
 */

export const protocolVersion = 1;
/** ms that either side waits for a line of the other. */
export const lineTimeout = 5_000;
/** ms after which the owner says that it is still working. */
export const heartbeat = 1_000;
/** How many bytes a line may have: before any proof, with a question, with an answer. */
export const longest = { greeting: 1_024, question: 4 * 1024 * 1024, answer: 256 * 1024 * 1024 } as const;

/** The file that names the socket; it lies beside the token. */
export const socketFile = 'operators.json';
export const ownerFile = 'owner.json';

/** The side that proves: neither can pass on the proof of the other. */
type Side = 'owner' | 'operator';

export interface Secret {
  readonly token: string;
  /** The folder itself, wherever it is mounted: its device and inode. */
  readonly folder: string;
}

export function folderOf(own: string): string {
  const { dev, ino } = statSync(own, { bigint: true });
  return `${dev}:${ino}`;
}

export function nonce(): string {
  return randomBytes(16).toString('hex');
}

export function proofOf({ token, folder }: Secret, side: Side, challenge: string): string {
  return createHmac('sha256', token).update(`${protocolVersion}\n${side}\n${folder}\n${challenge}`).digest('hex');
}

export function isProof(secret: Secret, side: Side, challenge: string, given: unknown): boolean {
  const expected = Buffer.from(proofOf(secret, side, challenge));
  const found = Buffer.from(typeof given === 'string' ? given : '');
  return found.length === expected.length && timingSafeEqual(found, expected);
}

/** Reads a small JSON file in the folder; `undefined` for anything else. */
export function readSmall(own: string, name: string): unknown {
  let file: number;
  try {
    file = openSync(join(own, name), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const data = Buffer.alloc(2_048);
    return JSON.parse(data.toString('utf8', 0, readSync(file, data)));
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Splits what arrives into lines, and holds no more than one of them. */
export class Lines {
  #line = new GatheredBytes();
  #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  set limit(bytes: number) {
    this.#limit = bytes;
  }

  /** @throws {RangeError} when a line is longer than it may be; {SyntaxError} when one is no JSON */
  *add(chunk: Buffer): Iterable<unknown> {
    for (let rest = chunk; ; ) {
      const end = rest.indexOf(0x0a);
      const part = end < 0 ? rest : rest.subarray(0, end);
      if (this.#line.length + part.length > this.#limit) throw new RangeError('A line is too long.');
      this.#line.add(part);
      if (end < 0) return;
      const line = new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#line.whole());
      this.#line = new GatheredBytes();
      rest = rest.subarray(end + 1);
      yield JSON.parse(line) as unknown;
    }
  }
}
