/** Files at work at once: enough to keep the thread pool busy, few enough for any limit on open files. */
export const filesAtOnce = 64;

/**
 * Runs `work` on every item, at most `most` at a time. After a failure it starts no more, and rejects with the first one
 * when those at work are done: whoever cleans up then meets nobody.
 */
export async function eachOf<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
  most: number = filesAtOnce,
): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < queue.length && failures.length === 0) {
      const item = queue[next++] as Item;
      try {
        await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, queue.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
