import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { property } from '../core/errors/thrown.ts';

/**
 * Some runtimes send a POST again, without a word, when a connection that they reuse ends before the answer came: a note
 * arrives twice, and the caller sees one success. docs/browsers.md has what was measured where.
 */
export type Repeats = 'never' | 'on-idle-connections' | 'unknown';

/** What the `fetch` of this runtime does with a request whose connection is lost. `runtime` is globalThis. */
export function repeatsOf(runtime: object): Repeats {
  if (property(runtime, 'Deno') !== undefined) return 'on-idle-connections';
  const process = property(runtime, 'process');
  const isRenderer = ['renderer', 'worker'].includes(String(property(process, 'type'))); // Electron's pages fetch as Chromium does
  const { node, bun } = { node: property(property(process, 'versions'), 'node'), bun: property(runtime, 'Bun') };
  return (typeof node === 'string' || bun !== undefined) && !isRenderer ? 'never' : 'unknown';
}

/** What a host can say of the way to its server. */
export interface Way {
  readonly relay?: boolean | undefined;
  readonly answersClose?: boolean | undefined;
}

/**
 * The runtime's own fetch, where it sends each request once at most. On Deno through a client without idle connections.
 *
 * Throws `OPTION_INVALID` where nothing prevents repetitions, as in a page, unless something on the way does.
 */
export function steadyFetch(owner: string, way: Way, runtime: object = globalThis): typeof globalThis.fetch {
  const repeats = repeatsOf(runtime);
  // Looked up at each call, so that a fetch that is replaced later (as test tools do) counts.
  const plain: typeof globalThis.fetch = (input, init) => globalThis.fetch(input, init);
  if (repeats === 'never' || way.relay === true || way.answersClose === true) return plain;
  if (repeats === 'on-idle-connections') {
    const client = clientWithoutIdle(property(runtime, 'Deno'));
    if (client !== undefined) return (input, init) => globalThis.fetch(input, { ...init, client } as RequestInit);
  }
  throw new OfflineImError(
    'OPTION_INVALID',
    `${owner}: the fetch of this runtime may send a request again when a connection is lost, so that a note arrives twice. ` +
      'Put the relay of offline-im/relay in front of the server and say relay: true, or answersClose: true where a proxy closes each connection after its answer (Connection: close, HTTP/1.1).',
    { details: { option: 'relay' } },
  );
}

/** Also a fetch of the host's, in a page, is the page's in the end. Throws as {@link steadyFetch} does. */
export function requireSteady(owner: string, way: Way, runtime: object = globalThis): void {
  if (repeatsOf(runtime) === 'unknown') steadyFetch(owner, way, runtime);
}

function clientWithoutIdle(deno: unknown): unknown {
  const create = property(deno, 'createHttpClient');
  if (typeof create !== 'function') return undefined;
  try {
    return Reflect.apply(create, deno, [{ poolMaxIdlePerHost: 0 }]);
  } catch {
    return undefined; // a version that wants a flag for it
  }
}
