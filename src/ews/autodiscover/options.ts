import { type Clock, systemClock } from '../../core/clock.ts';
import { loggedClock } from '../../core/host-calls.ts';
import {
  abortSignal,
  byDefault,
  callback,
  clockRule,
  having,
  listOf,
  milliseconds,
  optional,
  type RulesFor,
  readOptions,
  rule,
} from '../../core/options.ts';
import type { Logger } from '../../observability/trace.ts';
import { dispatcherOption, fetchOver, type HttpDispatcher, oneWay } from '../../transport/dispatcher.ts';
import type { Credentials } from '../auth/credentials.ts';

/** Options of `discoverEws()`. Durations in ms. */
export interface DiscoverOptions {
  /**
   * The login for the POX service, which requires one. Sent only to the hosts that follow from the address and to those that `allowHost`
   * approves.
   *
   * @default none: only the JSON service is queried
   */
  readonly credentials?: Credentials | undefined;
  /**
   * Returns whether a host that a redirect, or an unencrypted response, has named may be sent the credentials. Those that follow from the address
   * (`contoso.com`, `autodiscover.contoso.com`) and their redirects to each other need no approval.
   *
   * @default none is approved
   */
  readonly allowHost?: ((host: string) => boolean) | undefined;
  /**
   * Hosts to query, in this order, such as `outlook.office365.com`.
   *
   * @default the address's domain, then `autodiscover.` before it
   */
  readonly hosts?: readonly string[] | undefined;
  /** Time limit of the whole search, in ms. @default 30_000 */
  readonly deadline?: number | undefined;
  /** Ends the search, which rejects with `AUTODISCOVER_FAILED`. @default none */
  readonly signal?: AbortSignal | undefined;
  /** Sends the requests; must not follow redirects. @default the platform's */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /**
   * Sends the requests instead of `fetch`: a dispatcher of undici that reaches any host, such as an `Agent` or a `ProxyAgent`. A `Pool` or `Client` would send every
   * request to its own host. It is not closed: you own it. Credentials with a `fetch` of their own don't use it, and `ntlmAuth` has its own connections.
   *
   * @default none
   */
  readonly dispatcher?: HttpDispatcher | undefined;
  /** Receives a record of every step: URL, status, result. @default none */
  readonly logger?: Logger | undefined;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** One request of the search, and its result. */
export interface DiscoverStep {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** HTTP status; missing if there was no response. */
  readonly status?: number;
  /** Its result. */
  readonly code: 'found' | 'redirect' | 'refused' | 'nothing' | 'failed';
  /** The same in a sentence. */
  readonly text: string;
}

/** The result of `discoverEws()`: plain data, which you may keep and use until a request to `url` fails. */
export interface DiscoveredEws {
  /** The EWS address. */
  readonly url: string;
  /** The service that returned it. */
  readonly service: 'json' | 'pox';
  /** The address it was found for; differs from the requested one if the server redirected to another. */
  readonly address: string;
  /** Every request of the search, in order. */
  readonly steps: readonly DiscoverStep[];
}

/** {@link DiscoverOptions}, checked and complete. */
export interface DiscoverSettings {
  readonly credentials: Credentials | undefined;
  readonly allowHost: (host: string) => boolean;
  readonly hosts: readonly string[] | undefined;
  readonly deadline: number;
  readonly signal: AbortSignal;
  readonly fetch: typeof globalThis.fetch;
  readonly logger: Logger | undefined;
  readonly clock: Clock;
}

/** Answers are a few KB; what is larger is not one. */
export const maxAnswerBytes = 256 * 1024;
/** Of redirects, of hosts and of addresses, all together. */
export const maxRedirects = 10;

/** Made when asked for, so that a bundle without `discoverEws` is without them. */
function rules() {
  const hostName = rule<string>(
    'the name of a host',
    (value) => typeof value === 'string' && hostOf(`https://${value}/`) !== undefined,
  );
  return {
    credentials: optional(having<Credentials>('credentials; basicAuth({ username, password }) makes some', ['authenticate'])),
    allowHost: byDefault(callback<(host: string) => boolean>(), () => false),
    hosts: optional(listOf(hostName, 'an array of names of hosts')),
    deadline: byDefault(milliseconds(1, 3_600_000), 30_000),
    signal: optional(abortSignal()),
    fetch: optional(callback<typeof globalThis.fetch>()),
    dispatcher: dispatcherOption,
    logger: optional(having<Logger>('an object with debug, info, warn and error', ['debug', 'info', 'warn', 'error'])),
    clock: byDefault(clockRule(), systemClock),
  } satisfies RulesFor<DiscoverOptions>;
}

export function discoverSettings(options: DiscoverOptions): DiscoverSettings {
  const { fetch, dispatcher, signal, ...rest } = readOptions('discoverEws', options, rules());
  oneWay('discoverEws', dispatcher, fetch);
  const given = dispatcher === undefined ? fetch : fetchOver(dispatcher);
  return {
    ...rest,
    clock: loggedClock(rest.clock, rest.logger),
    signal: signal ?? new AbortController().signal,
    fetch: rest.credentials?.fetch ?? given ?? ((input, init) => globalThis.fetch(input, init)),
  };
}

/** Host and port of a URL that is nothing but a host; `undefined` for anything else. */
function hostOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { host, pathname, search, username } = new URL(url);
  return pathname === '/' && search === '' && username === '' && host !== '' ? host : undefined;
}
