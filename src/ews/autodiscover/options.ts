import { type Clock, systemClock } from '../../core/clock.ts';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { Logger } from '../../observability/trace.ts';
import type { Credentials } from '../auth/credentials.ts';

/** Options of `discoverEws()`. Durations in ms. */
export interface DiscoverOptions {
  /**
   * The login for the POX service, which asks for one. Sent to the hosts that follow from the address and to those that `allowHost` names, to nobody
   * else.
   *
   * @default none: only the JSON service is asked
   */
  readonly credentials?: Credentials;
  /**
   * Decides whether a host that a redirect, or an answer in the clear, has named may be asked with the credentials. Those that follow from the address
   * (`contoso.com`, `autodiscover.contoso.com`) and their redirects to each other need no leave.
   *
   * @default nobody
   */
  readonly allowHost?: (host: string) => boolean;
  /**
   * Hosts to ask, in this order, such as `outlook.office365.com`.
   *
   * @default the address's domain, then `autodiscover.` before it
   */
  readonly hosts?: readonly string[];
  /** For the whole search. @default 30_000 */
  readonly deadline?: number;
  readonly signal?: AbortSignal;
  /** @default the platform's */
  readonly fetch?: typeof globalThis.fetch;
  /** Gets a record of every step: address, status, what came of it. @default none */
  readonly logger?: Logger;
  /** @default the machine's clock */
  readonly clock?: Clock;
}

/** One question and what came of it. */
export interface DiscoverStep {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** HTTP status; missing where there was no answer. */
  readonly status?: number;
  readonly outcome: 'found' | 'redirect' | 'refused' | 'nothing' | 'failed';
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

export function discoverSettings(options: DiscoverOptions): DiscoverSettings {
  const { deadline = 30_000, hosts } = options;
  if (!(deadline > 0)) throw new OfflineImError('OPTION_INVALID', `deadline is ${deadline}; expected a number of ms above 0.`);
  for (const host of hosts ?? []) {
    if (hostOf(`https://${host}/`) === undefined) {
      throw new OfflineImError('OPTION_INVALID', `hosts holds ${JSON.stringify(host.slice(0, 100))}; expected names of hosts.`);
    }
  }
  return {
    credentials: options.credentials,
    allowHost: options.allowHost ?? (() => false),
    hosts,
    deadline,
    signal: options.signal ?? new AbortController().signal,
    fetch: options.credentials?.fetch ?? options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    logger: options.logger,
    clock: options.clock ?? systemClock,
  };
}

/** Host and port of a URL that is nothing but a host; `undefined` for anything else. */
function hostOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { host, pathname, search, username } = new URL(url);
  return pathname === '/' && search === '' && username === '' && host !== '' ? host : undefined;
}
