import { type ErrorCode, isErrorCode } from './codes.ts';
import { isError, property } from './thrown.ts';

/** `homepage` of package.json, put here by the build where there is one. */
declare const OFFLINE_IM_HOMEPAGE: string | undefined;
const home = typeof OFFLINE_IM_HOMEPAGE === 'string' ? OFFLINE_IM_HOMEPAGE.replace(/\/+$/, '') : 'offline-im';

/**
 * Where an error names its classes, for `instanceof` in every copy of the library: `import` beside `require()` makes two in one process, Next.js one per bundle.
 */
export const classes: unique symbol = Symbol.for('OfflineImError');

/** The cause and the details of an {@link OfflineImError}. */
export interface OfflineImErrorOptions {
  /** The error behind this one; kept as `error.cause`. @default none */
  cause?: unknown;
  /** Facts for programs: ids, limits, counts, a server's raw code. Never message text, never a secret. @default {} */
  details?: Readonly<Record<string, unknown>>;
}

/**
 * The one base class of every error this library throws, rejects with, or puts in an event.
 *
 * `code` is stable and listed in docs/error-codes.md; `message` says what was found, what was expected and what to do.
 * Neither holds message text or a secret.
 *
 * @example
 * ```ts
 * try { await sender.send(message); } catch (error) {
 *   if (error instanceof OfflineImError && error.code === 'RECIPIENT_INVALID') showAddressError(error.message);
 * }
 * ```
 */
export class OfflineImError extends Error {
  override readonly name: string = 'OfflineImError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: OfflineImErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** @internal */
  get [classes](): string {
    return 'OfflineImError';
  }

  /**
   * True for an error of another copy of the library too, but not for a class of the host's own. Safe for anything that was thrown: for a revoked proxy, the
   * ordinary `instanceof` throws in the middle of a `catch`.
   *
   * @internal
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    try {
      // biome-ignore lint/complexity/noThisInStatic: the class that is asked for, which may be a subclass.
      const [ordinary, { prototype }] = [super[Symbol.hasInstance](value), this];
      return ordinary || (Object.hasOwn(prototype, classes) && (value as OfflineImError)[classes].startsWith(prototype[classes]));
    } catch {
      return false; // Nor has it names of its classes.
    }
  }

  /**
   * Where the code is explained, with an example and what to do: a URL if the package names its homepage, else a path in the package with the section.
   */
  get help(): string {
    return `${home}/docs/error-codes.md#${this.code.toLowerCase()}`;
  }
}

/** Whether an error has that code, even one of another copy of the library in this process. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return isError(error) && property(error, 'code') === code;
}

/**
 * This library's error that a value is; `undefined` for any other. A value with one of its codes that `instanceof` doesn't know, such as an error that was
 * cloned or rebuilt by the host, comes as an error of ours with its code, its message and the server's code.
 */
export function asOfflineImError(value: unknown): OfflineImError | undefined {
  if (value instanceof OfflineImError) return value;
  const [code, message] = [property(value, 'code'), property(value, 'message')];
  if (!isErrorCode(code) || typeof message !== 'string') return undefined;
  const responseCode = property(property(value, 'details'), 'responseCode');
  return new OfflineImError(code, message, {
    cause: value,
    ...(typeof responseCode === 'string' ? { details: { responseCode } } : {}),
  });
}
