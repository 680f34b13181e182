import { type Clock, whenAborted } from '../../core/clock.ts';
import { notAttempted } from '../../transport/verdict.ts';

/** Requests under way at a time for one mailbox; Graph refuses the fifth. */
const atOnce = 4;
const minute = 60_000;

interface Slots {
  free: number;
  readonly waiting: Set<() => void>;
}

/** Keeps each mailbox below what Exchange Online takes: so many requests at a time, so many notes a minute. */
export class Pace {
  readonly #clock: Clock;
  readonly #messagesPerMinute: number;
  readonly #slots = new Map<string, Slots>();
  /** Monotonic times of the sends of the last minute, oldest first. */
  readonly #sends = new Map<string, number[]>();

  constructor(clock: Clock, messagesPerMinute: number) {
    this.#clock = clock;
    this.#messagesPerMinute = messagesPerMinute;
  }

  /** Waits for one of the mailbox's slots, first come, first served; the function returned gives it back. Rejects when the signal aborts first. */
  async slot(mailbox: string, signal: AbortSignal): Promise<() => void> {
    const key = mailbox.toLowerCase();
    const slots = this.#slots.get(key) ?? { free: atOnce, waiting: new Set() };
    this.#slots.set(key, slots);
    if (slots.free > 0) slots.free -= 1;
    else await nextOf(slots, signal);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const [next] = slots.waiting;
      if (next !== undefined) {
        slots.waiting.delete(next);
        next();
        return;
      }
      slots.free += 1;
      if (slots.free === atOnce) this.#slots.delete(key);
    };
  }

  /** Takes one of the minute's sends. Otherwise ms until there is one. */
  take(mailbox: string): { readonly undo: () => void } | { readonly wait: number } {
    const key = mailbox.toLowerCase();
    const now = this.#clock.monotonic();
    const sends = this.#recent(key, now);
    if (sends.length >= this.#messagesPerMinute) {
      const leaves = sends[sends.length - this.#messagesPerMinute] ?? now;
      return { wait: Math.max(1, leaves + minute - now) };
    }
    sends.push(now);
    this.#sends.set(key, sends);
    return {
      undo: () => {
        const at = sends.lastIndexOf(now);
        if (at >= 0) sends.splice(at, 1);
      },
    };
  }

  #recent(key: string, now: number): number[] {
    const sends = this.#sends.get(key) ?? [];
    const first = sends.findIndex((time) => now - time < minute);
    sends.splice(0, first === -1 ? sends.length : first);
    if (this.#sends.size > 1_000) this.#forgetQuiet(now);
    return sends;
  }

  /** A fleet has many mailboxes, of which few are at work. */
  #forgetQuiet(now: number): void {
    for (const [key, sends] of this.#sends) if (now - (sends.at(-1) ?? 0) >= minute) this.#sends.delete(key);
  }
}

function nextOf({ waiting }: Slots, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      forget();
      resolve();
    };
    let forget = (): void => {};
    waiting.add(go);
    forget = whenAborted(signal, () => {
      if (waiting.delete(go)) reject(notAttempted('it was aborted before'));
    });
  });
}
