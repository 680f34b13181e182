/**
 * Whether messages arrived in the order of the calls that kept them. Of one whose call was cut off nobody knows which call that was: it may stand at
 * any of those that can have been. The earliest that fits is taken, which leaves most room for what follows: so `false` is never said of an order that
 * can be right.
 *
 * @param positions Of the calls that can have kept a message.
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
