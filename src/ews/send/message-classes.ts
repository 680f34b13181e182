/**
 * Which message classes an endpoint takes. Some servers refuse to create an item whose class is not below `IPM.Note`
 * (`ErrorObjectTypeChanged`); what they refused once goes out under the fallback class from then on.
 */
export class MessageClasses {
  readonly #fallback: string | undefined;
  /** Lower case: classes are compared without regard to it. */
  readonly #refused = new Set<string>();

  constructor(fallback: string | undefined) {
    this.#fallback = fallback;
  }

  /** The class to send under. */
  of(messageClass: string): string {
    return this.#fallback !== undefined && this.#refused.has(messageClass.toLowerCase()) ? this.#fallback : messageClass;
  }

  /** The server refused that class. True when there is another one to try. */
  refuse(messageClass: string): boolean {
    if (this.#fallback === undefined || messageClass.toLowerCase() === this.#fallback.toLowerCase()) return false;
    this.#refused.add(messageClass.toLowerCase());
    return true;
  }
}
