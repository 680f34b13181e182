import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { expect, it } from 'vitest';
import { type Packed, root } from './packed.ts';

/** A sample of exports that subpaths must have. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'offline-im': [
    'EwsTransport',
    'GateRefusedError',
    'MemorySpool',
    'OfflineImError',
    'OfflineImSender',
    'basicAuth',
    'bearerAuth',
    'evaluateGate',
  ],
  'offline-im/admin': ['openSpool'],
  'offline-im/dashboard': ['dashboard', 'nodeHandler'],
  // Loads without the library installed: nothing of it is imported.
  'offline-im/ews-javascript-api': ['fromExchangeService'],
  'offline-im/file': ['FileSpool', 'traceFile'],
  'offline-im/indexeddb': ['IndexedDbSpool'],
  'offline-im/metrics': ['prometheusText'],
  'offline-im/ntlm': ['ntlmAuth'],
  'offline-im/opentelemetry': ['activeTraceparent', 'openTelemetry'],
  'offline-im/postgres': ['PostgresSpool'],
  'offline-im/relay': ['relay'],
  'offline-im/sqlite': ['SqliteSpool'],
  'offline-im/testing': ['ManualClock', 'createExchange', 'spoolConformance', 'startExchangeSimulator', 'transportConformance'],
  'offline-im/testing/jest': ['exchangeMatchers', 'exchangePerTest'],
  'offline-im/testing/msw': ['exchangeHandlers'],
  'offline-im/testing/vitest': ['exchangeFixtures', 'exchangeMatchers'],
};
const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
  exports: Record<string, unknown>;
};
const specifiers = Object.keys(exports)
  .filter((subpath) => subpath !== './package.json')
  .map((subpath) => posix.join('offline-im', subpath));

/** From `send()` to the recipient's Inbox, over all three subpaths: so they share common code, such as the error class. */
const mainJob = `
  const exchange = await startExchangeSimulator({ mailboxes: ['alice@contoso.test', 'bob@contoso.test'] });
  const root = mkdtempSync(join(tmpdir(), 'offline-im-spool-'));
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.test' },
    client: { version: '16.0.6920.1000', mailboxLocation: 'on-premises' },
    spool: new FileSpool({ root }),
    transport: new EwsTransport({ url: exchange.url, credentials: basicAuth({ username: 'alice@contoso.test', password: 'x' }) }),
  });
  await sender.send({ to: 'sip:bob@contoso.test', text: 'Are you there?' });
  await sender.flush();
  const shown = exchange.mailbox('bob@contoso.test').missedConversations().map(({ itemClass }) => itemClass);
  let ours = false;
  try { exchange.mailbox('nobody@contoso.test'); } catch (error) { ours = error instanceof OfflineImError; }
  await sender.stop();
  await exchange.close();
  rmSync(root, { recursive: true });
  console.log(JSON.stringify({ shown, ours }));
`;
const names = {
  'offline-im': '{ EwsTransport, OfflineImError, OfflineImSender, basicAuth }',
  'offline-im/file': '{ FileSpool }',
  'offline-im/testing': '{ startExchangeSimulator }',
  'node:fs': '{ mkdtempSync, rmSync }',
  'node:os': '{ tmpdir }',
  'node:path': '{ join }',
};
const entries = Object.entries(names);

export function moduleTests(packed: () => Packed): void {
  it.each(specifiers)('%s loads as ESM and as CJS, with the same names', async (specifier) => {
    const esm = await packed().node(
      'names.mjs',
      `console.log(JSON.stringify(Object.keys(await import('${specifier}')).sort()));`,
    );
    const cjs = await packed().node('names.cjs', `console.log(JSON.stringify(Object.keys(require('${specifier}')).sort()));`);
    expect(esm.code, esm.text).toBe(0);
    expect(cjs.code, cjs.text).toBe(0);
    const own = JSON.parse(esm.text) as string[];
    expect(own).toEqual(expect.arrayContaining([...(expected[specifier] ?? [])]));
    expect(JSON.parse(cjs.text)).toEqual(own);
  });

  it('works as ESM', async () => {
    const imports = entries.map(([specifier, list]) => `import ${list} from '${specifier}';`).join('\n');
    const { code, text } = await packed().node('main-job.mjs', imports + mainJob);
    expect({ code, text }).toEqual({
      code: 0,
      text: `${JSON.stringify({ shown: ['IM.Note.MissedConversation'], ours: true })}\n`,
    });
  });

  it('works as CJS', async () => {
    const requires = entries.map(([specifier, list]) => `const ${list} = require('${specifier}');`).join('\n');
    const { code, text } = await packed().node('main-job.cjs', `${requires}\n(async () => {${mainJob}})();`);
    expect({ code, text }).toEqual({
      code: 0,
      text: `${JSON.stringify({ shown: ['IM.Note.MissedConversation'], ours: true })}\n`,
    });
  });

  it('knows its errors by instanceof where a process loads it as ESM and as CJS', async () => {
    const source = `
      import { createRequire } from 'node:module';
      import * as esm from 'offline-im';
      const cjs = createRequire(import.meta.url)('offline-im');
      const reason = { code: 'offline-im-disabled', text: 'Off.', found: 'off', needed: 'on' };
      const errors = [esm, cjs].flatMap((copy) => [new copy.OfflineImError('SPOOL_FULL', 'Full.'), new copy.GateRefusedError([reason])]);
      console.log(JSON.stringify([esm, cjs].map((copy) => errors.map((error) => [error instanceof copy.OfflineImError, error instanceof copy.GateRefusedError]))));
    `;
    const known = [true, false, true, true, true, false, true, true];
    expect(JSON.parse((await packed().node('copies.mjs', source)).text).flat(2)).toEqual([...known, ...known]);
  });

  it('needs no require() of ES modules, which Jest and some bundlers lack', async () => {
    const { files, installed } = packed();
    for (const file of files.filter((path) => path.endsWith('.cjs'))) {
      expect(await readFile(join(installed, file), 'utf8'), file).not.toMatch(/\bimport\(/);
    }
    // msw 3 is an ES module itself, whatever requires it.
    const names = specifiers.filter((name) => name !== 'offline-im/testing/msw');
    const source = `for (const name of ${JSON.stringify(names)}) require(name);`;
    expect(await packed().node('no-esm.cjs', source, ['--no-experimental-require-module'])).toEqual({ code: 0, text: '' });
  });

  it('has no side effects on import: no timer, no output, nothing that keeps the process alive', async () => {
    const source = specifiers.map((specifier) => `import '${specifier}';`);
    source.push(
      'console.log(process.getActiveResourcesInfo().filter((kind) => kind !== "TTYWrap" && kind !== "PipeWrap").length);',
    );
    expect(await packed().node('quiet.mjs', source.join('\n'))).toEqual({ code: 0, text: '0\n' });
  });

  it.each([
    ['ESM', 'pool.mjs', `import { openSpool } from 'offline-im/admin';`],
    ['CJS', 'pool.cjs', `const { openSpool } = require('offline-im/admin');`],
  ])('asks for pg if a PostgreSQL spool is opened without it, as %s', async (_kind, name, load) => {
    const source = `${load}\nopenSpool('postgres://nobody@127.0.0.1:1/none').then(console.log, ({ code }) => console.log(code));`;
    expect(await packed().node(name, source)).toEqual({ code: 0, text: 'OPTION_INVALID\n' });
  });

  it('exports no other path', async () => {
    const { code, text } = await packed().node('inner.mjs', `await import('offline-im/dist/index.js');`);
    expect(code).not.toBe(0);
    expect(text).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
}
