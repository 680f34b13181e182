import { type Clock, systemClock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { loggedClock } from '../core/host-calls.ts';
import { fallbackMessageClass } from '../core/message-classes.ts';
import {
  byDefault,
  callback,
  clockRule,
  flag,
  having,
  milliseconds,
  oneOf,
  optional,
  type RulesFor,
  readOptions,
  rule,
  unchecked,
  whole,
} from '../core/options.ts';
import type { Logger } from '../observability/trace.ts';
import { dispatcherOption, fetchOver, oneWay } from '../transport/dispatcher.ts';
import { isLoopback, requireSteady, steadyFetch } from '../transport/fetch.ts';
import type { Credentials } from './auth/credentials.ts';
import { serverVersions } from './client/soap.ts';
import type { EwsServerVersion, EwsTransportOptions } from './options.ts';

/** {@link EwsTransportOptions}, checked and complete. */
export interface EwsSettings {
  readonly url: string;
  readonly credentials: Credentials;
  readonly fetch: typeof globalThis.fetch;
  readonly requestTimeout: number;
  readonly notesPerRequest: number;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly serverVersion: EwsServerVersion;
  readonly savedCopyFolder: string;
  readonly fallbackMessageClass: string | undefined;
  readonly impersonate: EwsTransportOptions['impersonate'];
  readonly logger: Logger | undefined;
  readonly clock: Clock;
}

/** Words with dots between them. `false` stands for none. */
const messageClass = rule<string | false>(
  'a message class such as IPM.Note.Microsoft.Missed, or false',
  (value) => value === false || (typeof value === 'string' && value.length <= 255 && /^\w+(\.\w+)*$/.test(value)),
);

const rules = {
  url: unchecked<string | URL>(),
  credentials: having<Credentials>('credentials; basicAuth({ username, password }) makes some', ['authenticate']),
  impersonate: optional(callback<NonNullable<EwsTransportOptions['impersonate']>>()),
  fetch: optional(callback<typeof globalThis.fetch>()),
  dispatcher: dispatcherOption,
  relay: byDefault(flag(), false),
  answersClose: byDefault(flag(), false),
  requestTimeout: byDefault(milliseconds(1, 3_600_000), 60_000),
  notesPerRequest: byDefault(whole(1, 100), 50),
  maxRequestBytes: byDefault(whole(1024, 67_108_864), 262_144),
  maxResponseBytes: byDefault(whole(1024, 1_073_741_824), 2_097_152),
  serverVersion: byDefault(oneOf(serverVersions), 'Exchange2013_SP1'),
  allowInsecureHttp: byDefault(flag(), false),
  savedCopyFolder: byDefault(oneOf(['conversationhistory', 'sentitems']), 'conversationhistory'),
  fallbackMessageClass: byDefault(messageClass, fallbackMessageClass),
  logger: optional(having<Logger>('an object with debug, info, warn and error', ['debug', 'info', 'warn', 'error'])),
  clock: byDefault(clockRule(), systemClock),
} satisfies RulesFor<EwsTransportOptions>;

/** Rejects what can't work at once, rather than at the first message. @throws {OfflineImError} `OPTION_INVALID`, `INSECURE_URL` */
export function settingsOf(options: EwsTransportOptions): EwsSettings {
  const { url, allowInsecureHttp, relay, answersClose, fallbackMessageClass, ...others } = readOptions(
    'EwsTransport',
    options,
    rules,
  );
  const { fetch, dispatcher, ...rest } = others;
  oneWay('EwsTransport', dispatcher, fetch);
  const way = { relay, answersClose };
  requireSteady('EwsTransport', way);
  const given = dispatcher === undefined ? fetch : fetchOver(dispatcher);
  return {
    ...rest,
    clock: loggedClock(rest.clock, rest.logger),
    url: checkedUrl(url, allowInsecureHttp),
    fetch: rest.credentials.fetch ?? given ?? steadyFetch('EwsTransport', way),
    fallbackMessageClass: fallbackMessageClass === false ? undefined : fallbackMessageClass,
  };
}

function checkedUrl(value: unknown, allowInsecure: boolean): string {
  const url = urlOf(value);
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new OfflineImError('OPTION_INVALID', 'EwsTransport: url must be an absolute https:// URL.', {
      details: { option: 'url' },
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new OfflineImError('OPTION_INVALID', 'EwsTransport: url must not hold a login; pass credentials.', {
      details: { option: 'url' },
    });
  }
  if (url.protocol === 'http:' && !allowInsecure && !isLoopback(url.hostname)) {
    throw new OfflineImError(
      'INSECURE_URL',
      `EwsTransport: ${url.origin} is not encrypted, so the login would travel in the clear. Use https://, or allowInsecureHttp if you must.`,
    );
  }
  url.hash = '';
  return url.href;
}

/** A URL of any realm; `undefined` where it is none. */
function urlOf(value: unknown): URL | undefined {
  const text = typeof value === 'string' ? value : typeof value === 'object' && value !== null ? hrefOf(value) : undefined;
  return typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
}

function hrefOf(value: object): unknown {
  return 'href' in value ? value.href : undefined;
}
