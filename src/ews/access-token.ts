import { OfflineImError } from '../core/errors/offline-im-error.ts';

/** Why a token is asked for: there is none, the one at hand ends, or the server refused it (leave out any cache of your own). */
export type TokenReason = 'first' | 'expired' | 'refused';

/** A token and how long it is good. With neither time it is used until the server refuses it. */
export interface AccessToken {
  /** As it goes into the header, without `Bearer`. */
  readonly token: string;
  /** When it ends: a `Date`, or ms since 1970. `null` says nothing. */
  readonly expiresAt?: Date | number | null;
  /** How long it is good from now on, in **seconds**: what OAuth calls `expires_in`. Ignored beside `expiresAt`. */
  readonly expiresIn?: number;
}

/** Reads what a host's getToken gave. `lifetime`: ms from now, Infinity when it doesn't say. */
export function readToken(reply: string | AccessToken, now: number): { readonly value: string; readonly lifetime: number } {
  const { token, expiresAt, expiresIn }: Partial<AccessToken> = typeof reply === 'string' ? { token: reply } : (reply ?? {});
  // What RFC 6750 allows; anything else would not survive as a header, or says "Bearer" twice.
  if (typeof token !== 'string' || !/^[\w\-.~+/]+=*$/.test(token)) {
    throw new OfflineImError('AUTHENTICATION_FAILED', 'getToken gave something that is not a token.');
  }
  const end = expiresAt === undefined || expiresAt === null ? undefined : Number(expiresAt);
  const lifetime = end === undefined ? Number(expiresIn ?? Number.POSITIVE_INFINITY) * 1000 : end - now;
  if (Number.isNaN(lifetime)) {
    throw new OfflineImError('AUTHENTICATION_FAILED', 'getToken gave a time that is not one (expiresAt, expiresIn).');
  }
  return { value: token, lifetime };
}

/**
 * The host's getToken failed. Its error is not kept as it is: errors of HTTP libraries carry the request along, and with it
 * the client's secret.
 */
export function tokenError(error: unknown): OfflineImError {
  const details: Record<string, string> = {};
  if (error instanceof Error && isWord(error.name)) details.errorName = error.name;
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  if (isWord(code)) details.errorCode = code;
  const said = error instanceof Error ? withoutSecrets(error.message) : '';
  return new OfflineImError('AUTHENTICATION_FAILED', said === '' ? 'getToken failed.' : `getToken failed: ${said}`, { details });
}

/** A name or a code, and too short for a token. */
function isWord(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.-]{1,40}$/.test(value);
}

/** Takes out what looks like a secret: what is called one, and what is too long for a word. */
function withoutSecrets(text: string): string {
  return text
    .replace(
      /\b(\w*(?:secret|password|passwd|pwd|token|assertion|credential|bearer|basic)\w*["']?\s*[=:]?\s*)["']?[^\s"'&,;]{6,}/gi,
      '$1…',
    )
    .replace(/[\w\-.~+/=%]{25,}/g, '…')
    .slice(0, 300);
}
