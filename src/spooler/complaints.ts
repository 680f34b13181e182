import { property } from '../core/errors/thrown.ts';

/** Different complaints that are passed on. */
const most = 100;

/** What a host's code does wrong it does at every call: each kind is said once for each function, not once a note. */
export class Complaints {
  readonly #warn: (error: unknown) => void;
  readonly #said = new Set<string>();

  constructor(warn: (error: unknown) => void) {
    this.#warn = warn;
  }

  /** True when it was passed on. Complaints that differ in their numbers alone are of one kind. */
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
