import type { Clock } from '../core/clock.ts';
import { tell } from '../core/host-calls.ts';
import { type History, numbersOf, type Sample } from './history.ts';
import { headers } from './page.ts';

/** At most this many pages are updated at a time. */
const most = 100;

/** ms after which a page must reconnect, and is authorized again. */
const lifetime = 300_000;

/** Server-sent events with the numbers of each sample. Skips events that a page is too slow to read, since the next numbers replace them. */
export function live(history: History, clock: Clock): Response {
  if (history.ended || history.followers >= most) {
    const why = history.ended ? 'The dashboard is closed.' : 'Too many pages are open.';
    return new Response(why, { status: 503, headers: { ...headers, 'retry-after': '60' } });
  }
  const encoder = new TextEncoder();
  let forget = (): void => {};
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string): void => controller.enqueue(encoder.encode(text));
        const numbers = (sample: Sample): void =>
          write(`data: ${JSON.stringify({ at: sample.at, numbers: numbersOf(sample) })}\n\n`);
        const end = (): void => {
          forget();
          // Already closed.
          tell(() => controller.close());
        };
        const show = (sample: Sample): void => {
          if ((controller.desiredSize ?? 0) > 0) numbers(sample);
        };
        write('retry: 1000\n\n');
        const last = history.samples.at(-1);
        if (last !== undefined) numbers(last);
        const unfollow = history.follow({ show, end });
        const cancel = clock.setTimer(end, lifetime);
        forget = () => {
          unfollow();
          cancel();
        };
      },
      cancel: () => forget(),
    },
    { highWaterMark: 16 },
  );
  return new Response(stream, { headers: { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' } });
}
