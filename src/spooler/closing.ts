import type { StopBudget } from '../core/deadline.ts';
import type { Trace } from '../observability/trace.ts';
import { asError } from './reason.ts';

/** Closes them all, whatever one of them throws: that is a warning. Resolves with those that the time was too short for. */
export async function closeAll(
  closes: Readonly<Record<string, () => unknown>>,
  budget: Pick<StopBudget, 'waitFor'>,
  trace: Trace,
): Promise<readonly string[]> {
  const left = Object.entries(closes).map(async ([name, close]) => {
    // In a function of its own: one of a host may throw at once, or return no promise.
    const closing = (async () => close())().catch((error: unknown) => trace.warn(asError(error)));
    return (await budget.waitFor(closing)) ? [] : [`the closing of the ${name}`];
  });
  return (await Promise.all(left)).flat();
}
