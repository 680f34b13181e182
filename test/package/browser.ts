import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { Packed } from './packed.ts';

/** All imports of a module, static or not. */
const imports = /(?:\bfrom|\bimport)\s*\(?\s*["']([@\w./:-]+)["']/g;

async function reachable(file: string, seen = new Map<string, string[]>()): Promise<Map<string, string[]>> {
  if (seen.has(file)) return seen;
  const source = await readFile(file, 'utf8');
  const specifiers = [...source.matchAll(imports)].map(([, specifier = '']) => specifier);
  seen.set(file, specifiers);
  for (const specifier of specifiers) if (specifier.startsWith('.')) await reachable(join(dirname(file), specifier), seen);
  return seen;
}

/** Without anything that browsers lack; the console and the exit code are kept for the report. */
const browserLike = `
  const { log } = console;
  for (const name of ['process', 'Buffer', 'global', 'require', 'module', 'setImmediate', 'clearImmediate']) delete globalThis[name];
  const { OfflineImSender, MemorySpool, EwsTransport, basicAuth, evaluateGate } = await import('offline-im');
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.com' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new MemorySpool(),
    transport: new EwsTransport({
      url: 'https://mail.contoso.com/EWS/Exchange.asmx',
      credentials: basicAuth({ username: 'alice', password: 'x' }),
      fetch: async () => { throw new TypeError('Failed to fetch'); },
      relay: true,
    }),
  });
  const { entries } = await sender.send({ to: 'sip:bob@contoso.com', text: 'Are you there?' });
  const counts = await sender.flush();
  await sender.stop();
  log(JSON.stringify({ entries: entries.length, typeofProcess: typeof process, counts }));
`;

export function browserTests(packed: () => Packed): void {
  it.each([
    ['index', 'everything'],
    ['indexeddb', 'nothing'],
  ])('%s.js imports no Node module', async (entry, dependencies) => {
    const { installed, manifest } = packed();
    const files = await reachable(join(installed, 'dist', `${entry}.js`));
    const bare = [...new Set([...files.values()].flat().filter((specifier) => !specifier.startsWith('.')))].sort();
    expect(bare.filter((specifier) => specifier.startsWith('node:') || builtinModules.includes(specifier))).toEqual([]);
    // Requests to the simulator are read by a parser that nothing else loads.
    const all = Object.keys(manifest.dependencies ?? {}).filter((name) => name !== 'fast-xml-parser');
    expect(bare).toEqual(dependencies === 'everything' ? all.sort() : []);
  });

  it('loads and spools without process, Buffer and setImmediate', async () => {
    const { code, text } = await packed().node('browser.mjs', browserLike);
    expect(code, text).toBe(0);
    const [reported = ''] = text.split('\n').filter((line) => line.startsWith('{"entries"'));
    expect(JSON.parse(reported)).toMatchObject({ entries: 1, typeofProcess: 'undefined' });
  });
}
