/**
 * Lets the examples say `from 'offline-im'`, as your program will, and yet run from a fresh clone without a build:
 * `node --import ./examples/from-source.ts examples/…`. With the package installed you need nothing of this.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
const { exports } = JSON.parse(manifest) as { exports: Readonly<Record<string, unknown>> };
const sources = new Map(
  Object.keys(exports)
    .filter((subpath) => !subpath.endsWith('.json'))
    .map((subpath) => [`offline-im${subpath.slice(1)}`, `../src/${subpath.slice(2).replaceAll('/', '-') || 'index'}.ts`]),
);

registerHooks({
  resolve(specifier, context, next) {
    const source = sources.get(specifier);
    return source === undefined ? next(specifier, context) : next(new URL(source, import.meta.url).href, context);
  },
});
