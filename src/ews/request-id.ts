const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

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
