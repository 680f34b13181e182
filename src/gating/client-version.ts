import { OfflineImError } from '../core/errors/offline-im-error.ts';
import { quoted } from '../core/errors/quote.ts';

/** A four-part version as Microsoft writes them, such as 16.0.6920.1000. */
export interface ClientVersion {
  readonly major: number;
  readonly minor: number;
  readonly build: number;
  readonly revision: number;
}

const fourParts = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/;
/** The product's own token. `UCCAPI/`, the platform's, can differ from it. */
const productToken = /(?:^|\s)OC\/(\S+)/i;

/**
 * Reads the version of a Skype for Business or Lync client.
 *
 * @param value A four-part build (`16.0.6920.1000`), or a SIP User-Agent, of which the `OC/` token counts:
 * `UCCAPI/16.0.6965.5308 OC/16.0.6965.2117 (Skype for Business)`. What stands in brackets does not identify the version.
 * @throws {OfflineImError} `CLIENT_VERSION_UNREADABLE` for anything else; the message quotes the value.
 * @example
 * ```ts
 * parseClientVersion('UCCAPI/16.0.7967.5277 OC/16.0.7967.2139').revision; // 2139
 * ```
 */
export function parseClientVersion(value: string): ClientVersion {
  const version = typeof value === 'string' && value.length <= 1_000 ? readVersion(value.trim()) : undefined;
  if (version !== undefined) return version;
  throw new OfflineImError(
    'CLIENT_VERSION_UNREADABLE',
    `${quoted(value)} is not a client version. Expected four numbers (16.0.6920.1000) or a SIP User-Agent with an OC/ token.`,
  );
}

/** Negative when `a` is older than `b`, positive when it is newer, 0 when they are equal. By number, part by part. */
export function compareClientVersions(a: ClientVersion, b: ClientVersion): number {
  return a.major - b.major || a.minor - b.minor || a.build - b.build || a.revision - b.revision;
}

/** The four parts with dots between them. */
export function formatClientVersion(version: ClientVersion): string {
  return `${version.major}.${version.minor}.${version.build}.${version.revision}`;
}

/** `undefined` unless the text is exactly four numbers with dots between them. */
export function readFourParts(text: string): ClientVersion | undefined {
  const [major, minor, build, revision] = (fourParts.exec(text) ?? []).slice(1).map(Number);
  if (major === undefined || minor === undefined || build === undefined || revision === undefined) return undefined;
  return { major, minor, build, revision };
}

function readVersion(text: string): ClientVersion | undefined {
  const token = productToken.exec(text.replaceAll(/\([^()]*\)/g, ' '))?.[1];
  return readFourParts(token ?? text);
}
