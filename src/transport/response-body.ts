import type { Limit } from '../core/deadline.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';

/**
 * Reads a body as text, and stops at the limit of bytes (counted after decompression, so that a compressed bomb ends there
 * too) or at the end of time, also when the bytes only drip.
 */
export async function readBody(response: Response, maxBytes: number, limit: Limit): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await limit.race(reader.read());
      if (done) return decoderFor(response.headers.get('content-type') ?? '').decode(joined(chunks, bytes));
      bytes += value.byteLength;
      if (bytes > maxBytes) {
        throw new OfflineImError('RESPONSE_TOO_LARGE', `The response is larger than ${maxBytes} bytes.`, {
          details: { maxBytes },
        });
      }
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {}); // frees the connection; the error that led here is what counts
    throw error;
  }
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** Takes time to make, and keeps nothing between whole texts. */
const utf8 = new TextDecoder();

/** EWS answers in UTF-8; a proxy's page may say otherwise. */
function decoderFor(contentType: string): InstanceType<typeof TextDecoder> {
  const charset = /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType)?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    try {
      return new TextDecoder(charset);
    } catch {
      // an unknown name: the XML reader will tell whether it was UTF-8 after all
    }
  }
  return utf8;
}

/** Also one of another realm, or of a library's own kind. */
export function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null) return false;
  const { status, headers } = value as { status?: unknown; headers?: { get?: unknown } | null };
  return Number.isInteger(status) && typeof headers?.get === 'function';
}
