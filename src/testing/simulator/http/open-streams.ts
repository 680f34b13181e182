import type { FrontResponse } from './front.ts';

/** Answers that stay open until their client goes, or until the simulator ends them. */
export class OpenStreams {
  readonly #ends = new Set<() => void>();

  /** An answer that {@link end} ends; any other is passed on as it is. */
  add(response: FrontResponse): FrontResponse {
    if (response.kind !== 'stream') return response;
    const open: typeof response.open = (sink) => {
      const end = (): void => sink.end();
      this.#ends.add(end);
      const gone = response.open(sink);
      return () => {
        this.#ends.delete(end);
        gone();
      };
    };
    return { ...response, open };
  }

  /** Ends all that are open. */
  end(): void {
    for (const end of [...this.#ends]) end();
    this.#ends.clear();
  }
}
