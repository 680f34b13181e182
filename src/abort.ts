/** Calls `act` when the signal aborts, at once where it has; the function returned takes the listener away, so that a long-lived signal gathers none. */
export function whenAborted(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    act();
    return () => {};
  }
  signal.addEventListener('abort', act, { once: true });
  return () => signal.removeEventListener('abort', act);
}

/** Waits for the promise, or until the signal aborts. */
export async function unlessAborted(promise: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await promise;
    return;
  }
  const aborted = Promise.withResolvers<void>();
  const forget = whenAborted(signal, aborted.resolve);
  try {
    await Promise.race([promise, aborted.promise]);
  } finally {
    forget();
  }
}
