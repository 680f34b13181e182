/** What a run awaits, with a limit and a name: a process that ends too early reports what it was waiting for. */
export const awaited = new Set<{ readonly what: string }>();

/** The limit does not keep the process alive: one with nothing left to do ends instead of looking busy until then. */
export async function within<Result>(ms: number, what: string, work: Promise<Result>): Promise<Result> {
  const limit = AbortSignal.timeout(ms);
  const over = new Promise<never>((_, reject) => {
    limit.onabort = () => reject(new Error(`${what} does not end within ${ms} ms`));
  });
  // Several may have the same name.
  const one = { what };
  awaited.add(one);
  return Promise.race([work, over]).finally(() => awaited.delete(one));
}
