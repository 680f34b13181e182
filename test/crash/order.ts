/**
 * Whether messages arrived in the order of the calls that kept them. If a call was interrupted, it is unknown which call kept the
 * message: any of the possible ones counts. The earliest one that fits is chosen, which leaves most room for later messages, so
 * the result is never `false` for an order that may be right.
 *
 * @param positions Of the calls that may have kept a message.
 */
export function isInOrder(arrived: readonly number[], positions: (number: number) => readonly number[]): boolean {
  let last = -1;
  for (const number of arrived) {
    const next = Math.min(...positions(number).filter((position) => position > last));
    if (next === Number.POSITIVE_INFINITY) return false;
    last = next;
  }
  return true;
}
