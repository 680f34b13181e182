import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { property } from '../../core/errors/thrown.ts';
import { UsageError } from '../exit-codes.ts';
import { withoutMark } from '../readable-file.ts';

const secretNames: ReadonlySet<string> = new Set(['password', 'token', 'keys', 'key', 'routingKey']);

/** What was read of secrets, so that no output repeats it, whatever it comes to stand in. */
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
        // Editors end a file with a line break, which is no part of it.
        value = withoutMark(readFileSync(resolve(cwd, file), 'utf8')).replace(/\r?\n$/, '');
      } catch (error) {
        throw new UsageError(`${name}: ${JSON.stringify(file)} can't be read (${String(property(error, 'code'))}).`);
      }
    } else throw new UsageError(`${name} is a secret: name where it lies, { "env": "NAME" } or { "file": "PATH" }.`);
    this.hide(value);
    return value;
  }

  /** Parts of an address that nobody needs to see: the password of a database, also where it makes the address one that can't be read. */
  hideIn(url: string): void {
    const written = [/\/\/[^:/?#]*:(.*)@/s.exec(url)?.[1], /[?&](?:ssl)?password=([^&#]*)/i.exec(url)?.[1]];
    this.#hideWritten([...written, URL.canParse(url) ? new URL(url).password : undefined]);
  }

  /** The same of where a spool is, which may be an address without its slashes or its scheme, or a list of settings as `psql` takes it: it is shown as a path then. */
  hideInPlace(where: string): void {
    this.hideIn(where);
    // A drive of Windows is no user.
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
        // It has a percent sign that encodes nothing.
      }
    }
  }

  /** What a config should have said where it lies, and says itself: the sentence that refuses it must not repeat it. Logins in addresses likewise. */
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

/** Characters up to which a secret is taken for part of any word: masked there too, it would leave no sentence that can be read, and tell by its gaps what it is. */
const short = 3;
const inWord = '[\\p{L}\\p{N}]';

/** Where a word may begin though a letter or a digit stands before: after what an address or JSON writes for a character that is none, `%3A`, `%253A`, `\n` or `\u003a`. */
const afterEscape = '(?<=%(?:25)*[0-9A-Fa-f]{2}|\\\\(?:[bfnrt]|u[0-9A-Fa-f]{4}))';

/** A short one is masked where it stands by itself, such as between the colon and the @ of an address. */
function patternOf(secret: string): string {
  const escaped = secret.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  if (secret.length > short) return escaped;
  return `(?:(?<!${inWord})|${afterEscape})${escaped}(?!${inWord})`;
}
