import { type Clock, sleep } from '../../src/core/clock.ts';
import type { SimulatorCore } from '../../src/testing/simulator/core.ts';
import type { FrontResponse } from '../../src/testing/simulator/http/front.ts';
import type { Caller } from '../model/server.ts';

/** What happens to one request and its response in transit. */
export interface Passage {
  /** ms until the request reaches the server; together with the time in the server, less than the time limit of a request and any grace. */
  readonly up: number;
  /** `refused`: no connection, nothing was sent. `request`, `answer`: it is lost, and the client sees a reset. */
  readonly lost: 'nothing' | 'refused' | 'request' | 'answer';
  /** ms until the response reaches the client. */
  readonly down: number;
  /** The requesting process dies when the request has been sent, or when the server has carried it out. */
  readonly dies: 'no' | 'written' | 'processed';
}

const goodPassage: Passage = { up: 0, lost: 'nothing', down: 0, dies: 'no' };

/** A new promise each time: a shared one would retain everything that ever waited for it. */
const never = (): Promise<never> => new Promise(() => undefined);

/** What the server sees of a request. */
export interface Arrival {
  readonly path: string;
  readonly body: string;
}

/** Events of a {@link Wire}. */
export interface WireWatch {
  /** It is being sent. */
  written(arrival: Arrival, by: Caller): void;
  /** The server has carried it out. */
  processed(arrival: Arrival): void;
}

/** The network between processes and a simulator in the same process: no sockets, virtual time only, and planned faults. */
export class Wire {
  readonly passages: Passage[] = [];
  /** A fault that the oracle must detect: a request without a response is resent automatically, as some runtimes do. */
  repeatsByItself = false;
  readonly #core: SimulatorCore;
  readonly #clock: Clock;
  readonly #watch: WireWatch;

  constructor(core: SimulatorCore, clock: Clock, watch: WireWatch) {
    this.#core = core;
    this.#clock = clock;
    this.#watch = watch;
  }

  /** The `fetch` of one process. */
  fetchFor(caller: Caller): typeof globalThis.fetch {
    return async (input, init = {}) => {
      if (!caller.isAlive()) return never();
      const passage = this.passages.shift() ?? goodPassage;
      if (passage.lost === 'refused') throw broken('ECONNREFUSED');
      const url = new URL(String(input));
      const body = typeof init.body === 'string' ? init.body : '';
      const arrival = { path: url.pathname + url.search, body };
      this.#watch.written(arrival, caller);
      const headers = Object.fromEntries(new Headers(init.headers));
      const answer = this.#carry(passage, arrival, { method: init.method ?? 'GET', headers }, caller);
      const response = await unlessAborted(answer, init.signal ?? undefined);
      return caller.isAlive() ? response : never();
    };
  }

  /** Continues whatever happens to the requesting process. */
  async #carry(
    { up, lost, down, dies }: Passage,
    arrival: Arrival,
    request: { readonly method: string; readonly headers: Record<string, string> },
    caller: Caller,
  ): Promise<Response> {
    if (dies === 'written') caller.die();
    if (up > 0) await sleep(this.#clock, up);
    if (lost === 'request') throw broken('ECONNRESET');
    const answer = await this.#core.handle({ ...request, ...arrival, secure: true });
    this.#watch.processed(arrival);
    if (dies === 'processed') caller.die();
    if (down > 0) await sleep(this.#clock, down);
    if (lost === 'answer' && this.repeatsByItself)
      return responseOf(await this.#core.handle({ ...request, ...arrival, secure: true }));
    if (lost === 'answer') throw broken('ECONNRESET');
    return responseOf(answer);
  }
}

function responseOf(answer: FrontResponse): Promise<Response> | Response {
  if (answer.kind === 'silence') return never();
  if (answer.kind !== 'answer' || answer.resetAfter !== undefined) throw broken('ECONNRESET');
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) for (const one of [value].flat()) headers.append(name, one);
  const hasNoBody = answer.status === 204 || answer.status === 304;
  return new Response(hasNoBody ? null : answer.body, { status: answer.status, headers });
}

function broken(code: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });
}

function unlessAborted(answer: Promise<Response>, signal: AbortSignal | undefined): Promise<Response> {
  answer.catch(() => undefined);
  if (signal === undefined) return answer;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
