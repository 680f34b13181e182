/** The package as built, bundled for a browser, on a page of its own. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..', '..');

export interface Site {
  readonly url: string;
  close(): Promise<void>;
}

export async function startSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-site-'));
  const scripts = await bundle(folder);
  await rm(folder, { recursive: true, force: true });
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1) || 'page';
    const script = scripts.get(name.replace(/\.js$/, ''));
    const isScript = name.endsWith('.js');
    response.writeHead(script === undefined ? 404 : 200, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : `<!doctype html><meta charset="utf-8"><script src="${name}.js"></script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** By name: the page that sends, and the conformance suite. */
async function bundle(folder: string): Promise<ReadonlyMap<string, string>> {
  const dist = join(folder, 'dist');
  const tsup = join(root, 'node_modules/tsup/dist/cli-default.js');
  await run(process.execPath, [tsup, '--silent', '--no-dts', '--out-dir', dist], { cwd: root });
  const names = ['page', 'suite'];
  await build({
    entryPoints: names.map((name) => join(import.meta.dirname, `${name}.ts`)),
    outdir: folder,
    bundle: true,
    platform: 'browser',
    format: 'iife',
    logLevel: 'error',
    alias: { 'offline-im': join(dist, 'index.js'), 'offline-im/indexeddb': join(dist, 'indexeddb.js') },
    // Only the dependencies of the package: the built files are outside the repository.
    nodePaths: [join(root, 'node_modules')],
  });
  const read = async (name: string) => [name, await readFile(join(folder, `${name}.js`), 'utf8')] as const;
  return new Map(await Promise.all(names.map(read)));
}
