import { systemClock, Turns } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';

export type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Compressions by the names that servers use, with those of `DecompressionStream`. */
const formats: Readonly<Record<string, string>> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate', br: 'brotli' };

/** The most compressions on top of each other, as in fetch: each costs memory before the first byte is read, and a header has room for thousands. */
const mostEncodings = 5;

/** The compressions of a body, in the order in which they were applied. */
export function encodingsOf(headers: Headers): string[] {
  // An empty body is neither gzip nor a broken connection.
  if (headers.get('content-length') === '0') return [];
  const named = headers.get('content-encoding') ?? '';
  const all = named === '' ? [] : named.split(',').map((one) => one.trim().toLowerCase());
  return all.filter((one) => one !== '' && one !== 'identity');
}

/**
 * Decompresses a body, as fetch does.
 *
 * @param encodings The compressions, in the order in which they were applied.
 * @throws {OfflineImError} `RESPONSE_UNREADABLE` for too many compressions, or one that this runtime doesn't know: what the answer says stays unknown
 */
export function decompressed(encodings: readonly string[], stream: Bytes): Bytes {
  if (encodings.length === 0) return stream;
  if (encodings.length > mostEncodings) {
    const text = `The response cannot be used: it is compressed ${encodings.length} times; the limit is ${mostEncodings}.`;
    throw new OfflineImError('RESPONSE_UNREADABLE', text);
  }
  const ways = [...encodings].reverse().map((encoding) => {
    try {
      return new DecompressionStream((formats[encoding] ?? encoding) as 'gzip');
    } catch (cause) {
      const text = 'The response cannot be used: this runtime cannot read its compression.';
      throw new OfflineImError('RESPONSE_UNREADABLE', text, { cause });
    }
  });
  return unlessEmpty(stream, (whole) => ways.reduce((inner, way) => inner.pipeThrough(way), whole));
}

/** Leaves an empty body as it is: it is neither compressed nor a broken connection. Reads nothing until it is read from. */
function unlessEmpty(stream: Bytes, take: (stream: Bytes) => Bytes): Bytes {
  const source = stream.getReader();
  // Parts that are always ready would starve the timers, and with them the deadline.
  const turns = new Turns(systemClock);
  const next = async (): ReturnType<typeof source.read> => {
    await turns.step();
    return source.read();
  };
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  const begin = async (): Promise<typeof source> => {
    let first = await next();
    while (!first.done && first.value.byteLength === 0) first = await next();
    if (first.done) return source;
    let begun = false;
    const whole: Bytes = new ReadableStream(
      {
        pull: async (controller) => {
          const { done, value } = begun ? await next() : first;
          begun = true;
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason) => source.cancel(reason),
      },
      { highWaterMark: 0 },
    );
    return take(whole).getReader();
  };
  return new ReadableStream(
    {
      pull: async (controller) => {
        reader ??= await begin();
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => (reader ?? source).cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
