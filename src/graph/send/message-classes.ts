import { missedClass, plainClass } from '../settings.ts';

/**
 * Which message classes the service takes. What it refused goes out under the next one that is more ordinary: a class below
 * `IPM.Note`, and at last `IPM.Note` itself.
 */
export class MessageClasses {
  /** Lower case: classes are compared without regard to it. */
  readonly #refused = new Set<string>();

  /** The class to send under: that one, or what it was replaced by before. */
  of(messageClass: string): string {
    let use = messageClass;
    while (this.#refused.has(use.toLowerCase())) use = nextAfter(use) ?? use;
    return use;
  }

  /** From now on the next one is used, for every mailbox. */
  refuse(messageClass: string): void {
    if (nextAfter(messageClass) !== undefined) this.#refused.add(messageClass.toLowerCase());
  }
}

/** The class to try after one that was refused; undefined after the last. */
export function nextAfter(messageClass: string): string | undefined {
  switch (messageClass.toLowerCase()) {
    case plainClass.toLowerCase():
      return undefined;
    case missedClass.toLowerCase():
      return plainClass;
    default:
      return missedClass;
  }
}
