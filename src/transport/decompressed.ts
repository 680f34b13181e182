import { systemClock, Turns } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';

export type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** Ways to compress, as servers name them and as `DecompressionStream` does. */
const formats: Readonly<Record<string, string>> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate', br: 'brotli' };

/** Ways one upon the other at most, as fetch has it: each costs memory before the first byte is read, and a header has room for thousands. */
const mostEncodings = 5;

/**
 * A body as it was before it was compressed, in ways that are given in the order in which they were done; as fetch has it.
 *
 * @throws {OfflineImError} `RESPONSE_UNREADABLE` for too many ways, and for one that this runtime can't take back: what the answer says stays unknown
 */
export function decompressed(encodings: readonly string[], stream: Bytes): Bytes {
  if (encodings.length === 0) return stream;
  if (encodings.length > mostEncodings) {
    const text = `The response cannot be used: it is compressed ${encodings.length} times; at most ${mostEncodings} are read.`;
    throw new OfflineImError('RESPONSE_UNREADABLE', text);
  }
  const ways = [...encodings].reverse().map((encoding) => {
    try {
      return new DecompressionStream((formats[encoding] ?? encoding) as 'gzip');
    } catch (cause) {
      const text = 'The response cannot be used: it is compressed in a way that this runtime cannot read.';
      throw new OfflineImError('RESPONSE_UNREADABLE', text, { cause });
    }
  });
  return unlessEmpty(stream, (whole) => ways.reduce((inner, way) => inner.pipeThrough(way), whole));
}

/** Nothing at all, in whatever parts, is nothing compressed and no broken connection either: it stays nothing. Reads nothing before it is read. */
function unlessEmpty(stream: Bytes, take: (stream: Bytes) => Bytes): Bytes {
  const source = stream.getReader();
  // Parts that come at once, again and again, would let no timer have its turn, and so no deadline come.
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
