/**
 * MD4 (RFC 1320). NTLM is built on it, and OpenSSL 3, so Node, no longer offers it. It is broken as a hash and is used here
 * for nothing but the key that NTLM prescribes.
 */
export function md4(message: Uint8Array): Uint8Array {
  const block = new DataView(padded(message));
  const state = new Uint32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  const words = new Uint32Array(16);
  for (let at = 0; at < block.byteLength; at += 64) {
    for (let n = 0; n < 16; n++) words[n] = block.getUint32(at + 4 * n, true);
    compress(state, words);
  }
  const digest = new DataView(new ArrayBuffer(16));
  for (const [n, word] of state.entries()) digest.setUint32(4 * n, word, true);
  return new Uint8Array(digest.buffer);
}

/** A round: how it mixes, what it adds, in which order it takes the words, how far it turns. */
interface Round {
  readonly mix: (b: number, c: number, d: number) => number;
  readonly add: number;
  readonly order: readonly number[];
  readonly turns: readonly [number, number, number, number];
}

const rounds: readonly Round[] = [
  {
    mix: (b, c, d) => (b & c) | (~b & d),
    add: 0,
    order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    turns: [3, 7, 11, 19],
  },
  {
    mix: (b, c, d) => (b & c) | (b & d) | (c & d),
    add: 0x5a827999,
    order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    turns: [3, 5, 9, 13],
  },
  {
    mix: (b, c, d) => b ^ c ^ d,
    add: 0x6ed9eba1,
    order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    turns: [3, 9, 11, 15],
  },
];

function compress(state: Uint32Array, words: Uint32Array): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (const { mix, add, order, turns } of rounds) {
    for (const [step, word] of order.entries()) {
      const turned = turn((a + mix(b, c, d) + (words[word] ?? 0) + add) >>> 0, turns[step % 4] ?? 0);
      [a, b, c, d] = [d, turned, b, c];
    }
  }
  for (const [n, value] of [a, b, c, d].entries()) state[n] = (state[n] ?? 0) + value;
}

function turn(word: number, by: number): number {
  return ((word << by) | (word >>> (32 - by))) >>> 0;
}

/** A one bit, zeros, and the length in bits as 64 bits: whole blocks of 64 bytes. */
function padded(message: Uint8Array): ArrayBuffer {
  const length = Math.ceil((message.length + 9) / 64) * 64;
  const bytes = new Uint8Array(length);
  bytes.set(message);
  bytes[message.length] = 0x80;
  new DataView(bytes.buffer).setBigUint64(length - 8, BigInt(message.length) * 8n, true);
  return bytes.buffer;
}
