/** A real Chromium, headless, that connects to nothing but this machine: the binary comes with a package, nothing is downloaded. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright-core';

export interface Chromium {
  /** With a new user data folder. */
  readonly context: BrowserContext;
  /** Ends it and removes its files. */
  close(): Promise<void>;
}

const flags = [
  '--no-sandbox',
  '--no-zygote',
  '--disable-gpu',
  '--no-first-run',
  '--no-default-browser-check',
  '--no-pings',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--disable-quic',
  // Names other than those of this machine do not resolve.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/** Rejects if it cannot run: on another kind of machine, or with libraries missing. */
export async function startChromium(): Promise<Chromium> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('the packaged Chromium is for Linux on x64');
  const folder = await mkdtemp(join(tmpdir(), 'offline-im-chromium-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    const context = await launch(folder);
    // On a busy machine, Playwright's 30 s are not out of reach.
    context.setDefaultTimeout(200_000);
    return {
      context,
      async close() {
        await context.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function launch(folder: string): Promise<BrowserContext> {
  const [{ default: packaged, inflate }, { chromium }] = await Promise.all([
    import('@sparticuz/chromium'),
    import('playwright-core'),
  ]);
  return await unpackingInto(join(folder, 'bin'), async () => {
    const executablePath = await packaged.executablePath();
    const start = (env: NodeJS.ProcessEnv, data: string): Promise<BrowserContext> =>
      chromium.launchPersistentContext(join(folder, data), { executablePath, headless: true, args: flags, env: defined(env) });
    try {
      return await start(process.env, 'profile');
    } catch {
      // A bare container has no NSS; the package contains what such a machine lacks.
      const archive = join(import.meta.dirname, '..', '..', 'node_modules', '@sparticuz', 'chromium', 'bin', 'al2023.tar.br');
      const libraries = join(await inflate(archive), 'lib');
      return await start({ ...process.env, LD_LIBRARY_PATH: libraries }, 'second-profile');
    }
  });
}

/** The package unpacks into the temporary folder of the system, where another run may be unpacking at the same time. */
async function unpackingInto<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  await mkdir(folder);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

function defined(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
