/**
 * A random UUID (version 4) for client-request-id, by which an administrator finds the request in the server's logs.
 * `crypto.randomUUID`, which draws its randomness in advance and is twenty times as fast, exists in secure contexts of
 * browsers only.
 */
export function newRequestId(): string {
  return typeof crypto.randomUUID === 'function' ? crypto.randomUUID() : fromRandomBytes();
}

function fromRandomBytes(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  let id = '';
  for (let at = 0; at < 16; at++) {
    if (at === 4 || at === 6 || at === 8 || at === 10) id += '-';
    id += hex[bytes[at] ?? 0];
  }
  return id;
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
let lastTime = 0;
let counter = 0;

/**
 * A UUID of version 7 (RFC 9562): ids made later sort later, also within one ms of one process, which keeps a storage's indexes compact.
 *
 * @param now Wall clock, ms since 1970 UTC.
 * @param random Eight bytes, of which 62 bits are used.
 */
export function timeOrderedId(now: number, random: Uint8Array = eightRandomBytes()): string {
  // A clock set back must not disturb the order; a full counter borrows from the next ms.
  if (now > lastTime) {
    lastTime = Math.floor(now);
    counter = 0;
  } else if (++counter > 0xfff) {
    lastTime += 1;
    counter = 0;
  }
  const time = lastTime.toString(16).padStart(12, '0');
  const count = counter.toString(16).padStart(3, '0');
  const byte = (index: number): string => hex[random[index] ?? 0] ?? '';
  const variant = hex[0x80 | ((random[0] ?? 0) & 0x3f)];
  const node = byte(2) + byte(3) + byte(4) + byte(5) + byte(6) + byte(7);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${variant}${byte(1)}-${node}`;
}

/** Random bytes are fetched many at a time: each fetch costs as much as hundreds of bytes. None is used twice. */
const pool = new Uint8Array(8 * 512);
let used = pool.length;

function eightRandomBytes(): Uint8Array {
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  used += 8;
  return pool.subarray(used - 8, used);
}
