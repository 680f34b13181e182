import { type Clock, systemClock } from '../core/clock.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { Logger } from '../observability/trace.ts';
import { isLoopback } from '../transport/loopback.ts';
import type { Credentials } from './auth/credentials.ts';
import type { Impersonate } from './client/impersonation.ts';
import { serverVersions } from './client/versions.ts';
import type { EwsServerVersion, EwsTransportOptions } from './options.ts';

/** {@link EwsTransportOptions}, checked and complete. */
export interface EwsSettings {
  readonly url: string;
  readonly credentials: Credentials;
  readonly fetch: typeof globalThis.fetch;
  readonly deadline: number;
  readonly batchSize: number;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  readonly serverVersion: EwsServerVersion;
  readonly savedCopyFolder: string;
  readonly fallbackMessageClass: string | undefined;
  readonly impersonate: Impersonate | undefined;
  readonly logger: Logger | undefined;
  readonly clock: Clock;
}

/** Rejects what can't work at once, rather than at the first message. */
export function settingsOf(options: EwsTransportOptions): EwsSettings {
  const { credentials, fetch, serverVersion = 'Exchange2013_SP1', savedCopyFolder } = options;
  if (typeof credentials?.authenticate !== 'function') {
    throw new OfflineImError(
      'OPTION_INVALID',
      'EwsTransport: credentials are missing; basicAuth({ username, password }) makes some.',
    );
  }
  return {
    url: checkedUrl(options.url, options.allowInsecureHttp === true),
    credentials,
    // Looked up at each call, so that a fetch that is replaced later (as test tools do) counts.
    fetch: credentials.fetch ?? fetch ?? ((input, init) => globalThis.fetch(input, init)),
    deadline: inRange('deadline', options.deadline ?? 60_000, 1, 3_600_000),
    batchSize: inRange('batchSize', options.batchSize ?? 50, 1, 100),
    maxRequestBytes: inRange('maxRequestBytes', options.maxRequestBytes ?? 262_144, 1024, 67_108_864),
    maxResponseBytes: inRange('maxResponseBytes', options.maxResponseBytes ?? 2_097_152, 1024, 1_073_741_824),
    serverVersion: oneOf('serverVersion', serverVersion, serverVersions),
    savedCopyFolder: oneOf('savedCopyFolder', savedCopyFolder ?? 'conversationhistory', savedCopyFolders),
    fallbackMessageClass: checkedClass(options.fallbackMessageClass ?? 'IPM.Note.Microsoft.Missed'),
    impersonate: options.impersonate,
    logger: options.logger,
    clock: options.clock ?? systemClock,
  };
}

function checkedUrl(value: string | URL, allowInsecure: boolean): string {
  const url = URL.canParse(String(value)) ? new URL(value) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new OfflineImError('OPTION_INVALID', 'EwsTransport: url must be an absolute https:// URL.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new OfflineImError('OPTION_INVALID', 'EwsTransport: url must not hold a login; pass credentials.');
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

const savedCopyFolders = ['conversationhistory', 'sentitems'] as const;

function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new OfflineImError(
    'OPTION_INVALID',
    `EwsTransport: ${name} is ${JSON.stringify(value)}; it must be one of ${allowed.join(', ')}.`,
    { details: { option: name } },
  );
}

/** Words with dots between them. `false` stands for none. */
function checkedClass(value: string | false): string | undefined {
  if (value === false) return undefined;
  if (typeof value === 'string' && value.length <= 255 && /^\w+(\.\w+)*$/.test(value)) return value;
  throw new OfflineImError(
    'OPTION_INVALID',
    'EwsTransport: fallbackMessageClass must be a message class such as IPM.Note.Microsoft.Missed, or false.',
    { details: { option: 'fallbackMessageClass' } },
  );
}

function inRange(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new OfflineImError(
    'OPTION_INVALID',
    `EwsTransport: ${name} is ${String(value)}; it must be an integer from ${least} to ${most}.`,
    {
      details: { option: name, least, most },
    },
  );
}
