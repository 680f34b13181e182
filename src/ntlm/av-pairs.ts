/** Target information of a challenge: pairs of an id and a value (MS-NLMP 2.2.2.1). */
export interface AvPair {
  readonly id: number;
  readonly value: Buffer;
}

export const avId = { end: 0, flags: 6, timestamp: 7 } as const;

/** Bit of the flags pair: the authenticate message carries a MIC. */
const micProvided = 0x2;

/** Reads pairs up to their end mark. Throws when they run beyond the buffer. */
export function readAvPairs(buffer: Buffer): readonly AvPair[] {
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
export function withMicFlag(pairs: readonly AvPair[]): readonly AvPair[] {
  const flags = pairs.find(({ id }) => id === avId.flags)?.value;
  const value = Buffer.alloc(4);
  value.writeUInt32LE(((flags?.length === 4 ? flags.readUInt32LE(0) : 0) | micProvided) >>> 0);
  return [...pairs.filter(({ id }) => id !== avId.flags), { id: avId.flags, value }];
}
