/** The package as it is built, bundled for a browser, on a page of its own. */

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
  const script = await bundle(folder);
  await rm(folder, { recursive: true, force: true });
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    const isPage = request.url === '/';
    response.writeHead(isScript || isPage ? 200 : 404, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : isPage ? '<!doctype html><meta charset="utf-8"><script src="page.js"></script>' : '');
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

async function bundle(folder: string): Promise<string> {
  const dist = join(folder, 'dist');
  const tsup = join(root, 'node_modules/tsup/dist/cli-default.js');
  await run(process.execPath, [tsup, '--silent', '--no-dts', '--out-dir', dist], { cwd: root });
  const outfile = join(folder, 'page.js');
  await build({
    entryPoints: [join(import.meta.dirname, 'page.ts')],
    outfile,
    bundle: true,
    platform: 'browser',
    format: 'iife',
    logLevel: 'error',
    alias: { 'offline-im': join(dist, 'index.js'), 'offline-im/indexeddb': join(dist, 'indexeddb.js') },
    // Only what the package depends on: the built files lie outside of the repository.
    nodePaths: [join(root, 'node_modules')],
  });
  return await readFile(outfile, 'utf8');
}
