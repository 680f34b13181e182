import type { Clock } from '../core/clock.ts';
import { tell } from '../core/host-calls.ts';
import { type History, numbersOf, type Sample } from './history.ts';
import { headers } from './page.ts';

/** Pages that are kept up to date at a time. */
const most = 100;

/** ms after which a page has to ask anew, and is authorized anew. */
const lifetime = 300_000;

/** Server-sent events: the numbers of each look at the spool. What a page is too slow to read is left out, since the next numbers replace it. */
export function live(history: History, clock: Clock): Response {
  if (history.followers >= most)
    return new Response('Too many pages are open.', { status: 503, headers: { ...headers, 'retry-after': '60' } });
  const encoder = new TextEncoder();
  let forget = (): void => {};
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const show = (sample: Sample): void => {
          if ((controller.desiredSize ?? 0) <= 0) return;
          controller.enqueue(encoder.encode(`data: ${JSON.stringify({ at: sample.at, numbers: numbersOf(sample) })}\n\n`));
        };
        controller.enqueue(encoder.encode('retry: 1000\n\n'));
        const last = history.samples.at(-1);
        if (last !== undefined)
          controller.enqueue(encoder.encode(`data: ${JSON.stringify({ at: last.at, numbers: numbersOf(last) })}\n\n`));
        const unfollow = history.follow(show);
        const cancel = clock.setTimer(() => {
          unfollow();
          // One that has ended already has nothing to close.
          tell(() => controller.close());
        }, lifetime);
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
