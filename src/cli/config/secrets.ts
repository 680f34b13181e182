import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { property } from '../../core/errors/thrown.ts';
import { UsageError } from '../exit-codes.ts';
import { withoutMark } from '../readable-file.ts';

const secretNames: ReadonlySet<string> = new Set(['password', 'token', 'keys', 'key', 'routingKey']);

/** The secrets read so far, to mask them in every output. */
export class Secrets {
  readonly #known = new Set<string>();
  #pattern: RegExp | undefined;

  /** A secret as a config file names it: `{ "env": "NAME" }` or `{ "file": "PATH" }`, never itself. @throws {UsageError} */
  read(
    name: string,
    given: unknown,
    { env, cwd }: { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: string },
  ): string {
    const [variable, file] = [property(given, 'env'), property(given, 'file')];
    let value: string | undefined;
    if (typeof variable === 'string' && file === undefined) {
      value = env[variable];
      if (value === undefined || value === '')
        throw new UsageError(`${name}: the environment has no ${JSON.stringify(variable)}.`);
    } else if (typeof file === 'string' && variable === undefined) {
      try {
        // Editors end a file with a line break, which is not part of the secret.
        value = withoutMark(readFileSync(resolve(cwd, file), 'utf8')).replace(/\r?\n$/, '');
      } catch (error) {
        throw new UsageError(`${name}: ${JSON.stringify(file)} can't be read (${String(property(error, 'code'))}).`);
      }
    } else throw new UsageError(`${name} is a secret: say where it is stored, { "env": "NAME" } or { "file": "PATH" }.`);
    this.hide(value);
    return value;
  }

  /** Hides the password in an address, even if it makes the address unparsable. */
  hideIn(url: string): void {
    const written = [/\/\/[^:/?#]*:(.*)@/s.exec(url)?.[1], /[?&](?:ssl)?password=([^&#]*)/i.exec(url)?.[1]];
    this.#hideWritten([...written, URL.canParse(url) ? new URL(url).password : undefined]);
  }

  /** The same for the place of a spool, which may be an address without slashes or scheme, or settings as for `psql`: these are shown as a path. */
  hideInPlace(where: string): void {
    this.hideIn(where);
    // A Windows drive is not a user.
    const login = /^(?![a-z]:[\\/])(?:postgres(?:ql)?:)?\/*[^:/?#@]*:(.*)@/is.exec(where)?.[1];
    this.#hideWritten([login, /\bpassword\s*=\s*('[^']*'|[^\s&#]+)/i.exec(where)?.[1]]);
  }

  #hideWritten(passwords: readonly (string | undefined)[]): void {
    for (const password of passwords) {
      if (password === undefined) continue;
      this.hide(password);
      try {
        this.hide(decodeURIComponent(password));
      } catch {
        // A percent sign in it encodes nothing.
      }
    }
  }

  /** Hides secrets written directly into a config, which must only refer to them: the error must not repeat them. Also hides logins in addresses. */
  hideInConfig(given: unknown, isSecret = false, depth = 0): void {
    if (typeof given === 'string') {
      if (isSecret) this.hide(given);
      else this.hideIn(given);
    } else if (typeof given === 'object' && given !== null && depth < 5) {
      for (const [name, value] of Object.entries(given)) {
        const named = !['env', 'file', 'id'].includes(name);
        this.hideInConfig(value, named && (isSecret || secretNames.has(name)), depth + 1);
      }
    }
  }

  hide(value: string): void {
    if (value === '') return;
    for (const form of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value.toWellFormed())])
      this.#known.add(form);
    // Longest first: one may be part of another.
    const all = [...this.#known].sort((a, b) => b.length - a.length);
    this.#pattern = new RegExp(all.map(patternOf).join('|'), 'gu');
  }

  /** Text without any secret. */
  mask(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, '***');
  }
}

/** Secrets up to this length may be part of any word: masking them there would make sentences unreadable, and reveal the secret by the gaps. */
const short = 3;
const inWord = '[\\p{L}\\p{N}]';

/** Where a word may begin despite a preceding letter or digit: after an escape of an address or JSON, `%3A`, `%253A`, `\n` or `\u003a`. */
const afterEscape = '(?<=%(?:25)*[0-9A-Fa-f]{2}|\\\\(?:[bfnrt]|u[0-9A-Fa-f]{4}))';

/** Masks a short secret only as a whole word, such as between the colon and the @ of an address. */
function patternOf(secret: string): string {
  const escaped = secret.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  if (secret.length > short) return escaped;
  return `(?:(?<!${inWord})|${afterEscape})${escaped}(?!${inWord})`;
}
