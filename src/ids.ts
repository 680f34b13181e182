const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
let lastTime = 0;
let counter = 0;

/**
 * A UUID of version 7 (RFC 9562): ids made later sort later, also within one ms of one process, which keeps a storage's indexes compact.
 *
 * @param now Wall clock, ms since 1970 UTC.
 */
export function timeOrderedId(now: number, random: Uint8Array = crypto.getRandomValues(new Uint8Array(16))): string {
  // A clock set back must not disturb the order; a full counter borrows from the next ms.
  if (now > lastTime) {
    lastTime = Math.floor(now);
    counter = 0;
  } else if (++counter > 0xfff) {
    lastTime += 1;
    counter = 0;
  }
  const bytes = Uint8Array.from(random);
  const time = lastTime;
  for (let index = 0; index < 6; index++) bytes[index] = Math.floor(time / 2 ** (40 - 8 * index)) % 256;
  bytes[6] = 0x70 | (counter >> 8);
  bytes[7] = counter & 0xff;
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const text = [...bytes].map((byte) => hex[byte]).join('');
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`;
}
