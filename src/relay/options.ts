import { type Clock, systemClock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { isArray } from '../core/errors/thrown.ts';
import { loggedClock } from '../core/host-calls.ts';
import {
  byDefault,
  callback,
  clockRule,
  having,
  optional,
  type RulesFor,
  readOptions,
  unchecked,
  whole,
} from '../core/options.ts';
import type { Credentials } from '../ews/auth/credentials.ts';
import { isLoopback, steadyFetch } from '../transport/fetch.ts';
import { MemoryPassedIds, type PassedIds } from './passed-ids.ts';

/** Options of {@link relay}. */
export interface RelayOptions {
  /**
   * Where requests go: the URL for each path that a page may ask for. Nothing else is reachable. `http://` is refused except to the loopback interface.
   *
   * @example { '/EWS/Exchange.asmx': 'https://mail.contoso.com/EWS/Exchange.asmx' }
   */
  readonly upstreams: Readonly<Record<string, string>>;
  /**
   * Origins whose pages may use the relay, as browsers write them: `https://app.contoso.com`. List the relay's own origin too if its pages use it.
   */
  readonly origins: readonly string[];
  /**
   * The relay's own login, for pages that have none. It requires `authorize`, or everybody could use that login.
   *
   * @default the page's own Authorization header goes along
   */
  readonly credentials?: Credentials | undefined;
  /**
   * Returns whether a request may pass, for instance by a session cookie or a token of yours. It gets a copy of the request without the body.
   *
   * @default every request of the named origins may
   */
  readonly authorize?: ((request: Request) => boolean | Promise<boolean>) | undefined;
  /**
   * Returns the client whose limit a request counts towards.
   *
   * @default the page's origin
   */
  readonly clientOf?: ((request: Request) => string) | undefined;
  /**
   * How many requests a client may make per minute; the relay answers more with 429.
   *
   * @default 600
   */
  readonly requestsPerMinute?: number | undefined;
  /**
   * The most bytes of a request; the relay answers larger ones with 413.
   *
   * @default 524_288
   */
  readonly maxRequestBytes?: number | undefined;
  /**
   * The most bytes of an answer; a larger one is cut off, so that its notes are probed.
   *
   * @default 4_194_304
   */
  readonly maxResponseBytes?: number | undefined;
  /**
   * Remembers which requests were passed on. A relay that runs in several processes, or is restarted while pages send, needs a shared store (a table with a unique key,
   * `SET NX`) that keeps ids for an hour.
   *
   * @default in memory, 100,000 ids
   */
  readonly passedIds?: PassedIds | undefined;
  /**
   * Sends the requests to the server. It must not repeat a POST.
   *
   * @default the runtime's; on Deno with a client without idle connections
   */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** {@link RelayOptions}, checked and complete. */
export interface RelaySettings {
  readonly upstreams: ReadonlyMap<string, string>;
  readonly origins: ReadonlySet<string>;
  readonly credentials: Credentials | undefined;
  readonly authorize: ((request: Request) => boolean | Promise<boolean>) | undefined;
  readonly clientOf: ((request: Request) => string) | undefined;
  readonly requestsPerMinute: number;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly passedIds: PassedIds;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
}

const rules = {
  upstreams: unchecked<Readonly<Record<string, string>>>(),
  origins: unchecked<readonly string[]>(),
  credentials: optional(having<Credentials>('credentials; basicAuth({ username, password }) makes some', ['authenticate'])),
  authorize: optional(callback<(request: Request) => boolean | Promise<boolean>>()),
  clientOf: optional(callback<(request: Request) => string>()),
  requestsPerMinute: byDefault(whole(1, 1_000_000), 600),
  maxRequestBytes: byDefault(whole(1024, 67_108_864), 524_288),
  maxResponseBytes: byDefault(whole(1024, 1_073_741_824), 4_194_304),
  passedIds: optional(having<PassedIds>('an object with has, take and giveBack', ['has', 'take', 'giveBack'])),
  fetch: optional(callback<typeof globalThis.fetch>()),
  clock: byDefault(clockRule(), systemClock),
} satisfies RulesFor<RelayOptions>;

/** @throws {OfflineImError} `OPTION_INVALID`, `INSECURE_URL` */
export function relaySettings(options: RelayOptions): RelaySettings {
  const { upstreams, origins, passedIds, fetch, clock: given, ...rest } = readOptions('relay', options, rules);
  const clock = loggedClock(given);
  if (rest.credentials !== undefined && rest.authorize === undefined)
    throw invalid('authorize', 'is missing; with credentials of its own the relay needs it to know who may use them');
  return {
    ...rest,
    clock,
    upstreams: checkedUpstreams(upstreams),
    origins: checkedOrigins(origins),
    passedIds: passedIds ?? new MemoryPassedIds(clock, 100_000),
    fetch: fetch ?? steadyFetch('relay', {}),
  };
}

function checkedUpstreams(upstreams: unknown): ReadonlyMap<string, string> {
  const entries = typeof upstreams === 'object' && upstreams !== null ? Object.entries(upstreams) : [];
  if (entries.length === 0) throw invalid('upstreams', 'must name at least one path and its URL');
  return new Map(
    entries.map(([path, target]): [string, string] => {
      const url = typeof target === 'string' && URL.canParse(target) ? new URL(target) : undefined;
      if (!path.startsWith('/') || url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '')
        throw invalid('upstreams', 'must have paths such as /EWS/Exchange.asmx and absolute https:// URLs without a login');
      if (url.protocol === 'http:' && !isLoopback(url.hostname))
        throw new OfflineImError(
          'INSECURE_URL',
          `relay: ${url.origin} is not encrypted, so logins would travel in the clear. Use https://.`,
        );
      return [path, url.href];
    }),
  );
}

function checkedOrigins(origins: unknown): ReadonlySet<string> {
  const list: unknown[] = isArray(origins) ? origins : [];
  if (list.length === 0 || !list.every(isOrigin))
    throw invalid('origins', 'must be a list of origins such as https://app.contoso.com');
  return new Set(list);
}

function isOrigin(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value;
}

function invalid(option: string, what: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `relay: ${option} ${what}.`, { details: { option } });
}
