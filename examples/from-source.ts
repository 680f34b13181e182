/**
 * Lets the examples say `from 'offline-im'`, as your program will, and yet run from a fresh clone without a build:
 * `node --import ./examples/from-source.ts examples/…`. With the package installed you need nothing of this.
 */
import { registerHooks } from 'node:module';

const sources: Readonly<Record<string, string>> = {
  'offline-im': '../src/index.ts',
  'offline-im/file': '../src/file.ts',
  'offline-im/indexeddb': '../src/indexeddb.ts',
  'offline-im/testing': '../src/testing.ts',
};

registerHooks({
  resolve(specifier, context, next) {
    const source = Object.hasOwn(sources, specifier) ? sources[specifier] : undefined;
    return source === undefined ? next(specifier, context) : next(new URL(source, import.meta.url).href, context);
  },
});
