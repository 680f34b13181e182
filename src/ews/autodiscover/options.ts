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
   * The login for the POX service, which asks for one. Sent to the hosts that follow from the address and to those that `allowHost` names, to nobody
   * else.
   *
   * @default none: only the JSON service is asked
   */
  readonly credentials?: Credentials | undefined;
  /**
   * Decides whether a host that a redirect, or an answer in the clear, has named may be asked with the credentials. Those that follow from the address
   * (`contoso.com`, `autodiscover.contoso.com`) and their redirects to each other need no approval.
   *
   * @default nobody
   */
  readonly allowHost?: ((host: string) => boolean) | undefined;
  /**
   * Hosts to ask, in this order, such as `outlook.office365.com`.
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
   * Carries the requests out in place of `fetch`: a dispatcher of undici that goes to any host, such as an `Agent` or a `ProxyAgent`. A `Pool` or `Client` would ask
   * its own host whatever the question is. Left open: it is yours. Credentials with a `fetch` of their own are not asked over it, and `ntlmAuth` has its own connections.
   *
   * @default none
   */
  readonly dispatcher?: HttpDispatcher | undefined;
  /** Receives a record of every step: URL, status, result. @default none */
  readonly logger?: Logger | undefined;
  /** @default the machine's clock */
  readonly clock?: Clock | undefined;
}

/** One question and what came of it. */
export interface DiscoverStep {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** HTTP status; missing where there was no answer. */
  readonly status?: number;
  /** What came of it. */
  readonly code: 'found' | 'redirect' | 'refused' | 'nothing' | 'failed';
  /** A sentence. */
  readonly text: string;
}

/** What was found: plain data, which may be kept and used until a request to `url` fails. */
export interface DiscoveredEws {
  readonly url: string;
  readonly service: 'json' | 'pox';
  /** The address it was found for; another one than asked for where the server said so. */
  readonly address: string;
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
