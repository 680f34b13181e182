import { OfflineImError } from './offline-im-error.ts';

/**
 * What is there by construction. Where it isn't, this fails loudly: going on with an empty id would mix up messages.
 * @throws {OfflineImError} `INTERNAL_ERROR`
 */
export function present<Value>(value: Value | undefined, what: string): Value {
  if (value !== undefined) return value;
  throw new OfflineImError('INTERNAL_ERROR', `${what} is missing, which is a defect of offline-im. Please report it.`);
}

/** The first of a list that is never empty by construction. @throws {OfflineImError} `INTERNAL_ERROR` */
export function firstOf<Item>(items: readonly Item[], what: string): Item {
  return present(items[0], what);
}
