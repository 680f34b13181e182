import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { property } from '../../core/errors/thrown.ts';
import { UsageError } from '../exit-codes.ts';

/** What was read of secrets, so that no output repeats it, whatever it comes to stand in. */
export class Secrets {
  readonly #known = new Set<string>();

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
        value = readFileSync(resolve(cwd, file), 'utf8').replace(/\r?\n$/, '');
      } catch (error) {
        throw new UsageError(`${name}: ${JSON.stringify(file)} can't be read (${String(property(error, 'code'))}).`);
      }
    } else throw new UsageError(`${name} is a secret: name where it lies, { "env": "NAME" } or { "file": "PATH" }.`);
    this.hide(value);
    return value;
  }

  /** Parts of an address that nobody needs to see: the password of a database. */
  hideIn(url: string): void {
    if (!URL.canParse(url)) return;
    const { password } = new URL(url);
    this.hide(password);
    try {
      this.hide(decodeURIComponent(password));
    } catch {
      // It has a percent sign that encodes nothing.
    }
  }

  hide(value: string): void {
    // What is as short as a word of the output itself can't be told from it.
    if (value.length >= 4) this.#known.add(value);
  }

  /** Longest first: one may be part of another. */
  mask(text: string): string {
    let masked = text;
    for (const secret of [...this.#known].sort((a, b) => b.length - a.length)) {
      masked = masked.replaceAll(secret, '***').replaceAll(JSON.stringify(secret).slice(1, -1), '***');
    }
    return masked;
  }
}
