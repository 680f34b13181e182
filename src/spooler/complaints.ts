import { property } from '../core/errors/thrown.ts';

/** The number of different complaints that are passed on. */
const most = 100;

/** A mistake in a host's code repeats with every call, so each kind of complaint about a function is passed on once, not once per note. */
export class Complaints {
  readonly #warn: (error: unknown) => void;
  readonly #said = new Set<string>();

  constructor(warn: (error: unknown) => void) {
    this.#warn = warn;
  }

  /** Returns whether it was passed on. Complaints that differ only in numbers are of one kind. */
  of(call: string, error: unknown): boolean {
    const message = property(error, 'message');
    const kind = typeof message === 'string' ? message.slice(0, 200).replace(/\d+/g, '#') : typeof message;
    const key = `${call}: ${kind}`;
    if (this.#said.has(key) || this.#said.size >= most) return false;
    this.#said.add(key);
    this.#warn(error);
    return true;
  }
}
