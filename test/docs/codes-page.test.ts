import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ErrorCode } from '../../src/core/errors/codes.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { errorCodes } from '../../src/core/errors/sentences.ts';
import { evaluateGate } from '../../src/gating/gate.ts';
import {
  basicAuth,
  EwsTransport,
  MemorySpool,
  OfflineImSender,
  parseClientVersion,
  parseCsImConfiguration,
} from '../../src/index.ts';

const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'error-codes.md'), 'utf8');
const sections = page
  .split(/^### /m)
  .slice(1)
  .map((text) => {
    const [code = '', meaning = '', example = '', advice = ''] = text.split(/^## /m)[0]?.split('\n\n') ?? [];
    return { code: code as ErrorCode, meaning, example, advice: advice.trim() };
  });

it('docs/error-codes.md has a section for every code, in the order of the table, with its sentence', () => {
  expect(sections.map(({ code, meaning }) => [code, meaning])).toEqual(Object.entries(errorCodes));
});

it.each(sections)('docs/error-codes.md has an example and advice for $code', ({ example, advice }) => {
  expect(example).toMatch(/^\*\*Example\.\*\* \S.{15}/);
  expect(advice).toMatch(/^\*\*Where, and what to do\.\*\* \S.{15}/);
});

it.each(Object.keys(errorCodes) as ErrorCode[])('the help of %s leads to its section', (code) => {
  const [path, anchor] = new OfflineImError(code, 'Found, expected.').help.split('#');
  expect(path).toBe('offline-im/docs/error-codes.md');
  const headings = page.match(/^#+ .*$/gm)?.map((line) => line.replace(/^#+ /, '').toLowerCase().replaceAll(' ', '-'));
  expect(headings?.filter((heading) => heading === anchor)).toHaveLength(1);
});

/** Examples that are code: each is run, and must produce the code of its section. */
const programs = sections.flatMap(({ code, example }) => {
  const [, source] = /^\*\*Example\.\*\* `((?:sender\.\w+\(\S|new EwsTransport\(|parse\w+\().*)`$/.exec(example) ?? [];
  return source === undefined ? [] : [{ code, source }];
});

it.each(programs)('the example of $code produces it: $source', async ({ code, source }) => {
  const credentials = basicAuth({ username: 'alice', password: 'any' });
  const sender = new OfflineImSender({
    identity: { sip: 'sip:alice@contoso.com' },
    organization: { domains: ['contoso.com'], federatedDomains: ['fabrikam.com'] },
    client: { version: '16.0.12527.20194', mailboxLocation: 'on-premises' },
    spool: new MemorySpool(),
    transport: new EwsTransport({ url: 'https://mail.contoso.com/EWS/Exchange.asmx', credentials }),
  });
  const names = { sender, credentials, EwsTransport, parseClientVersion, parseCsImConfiguration };
  const run = new Function(...Object.keys(names), `return ${source};`) as (...values: unknown[]) => unknown;
  const outcome = await (async () => run(...Object.values(names)))().catch((error: unknown) => error);
  await sender.stop();
  expect(outcome).toMatchObject({ code });
});

it('at least a dozen examples are run', () => expect(programs.length).toBeGreaterThanOrEqual(12));

it('lists every reason of the gate', () => {
  const decision = evaluateGate({
    client: { version: '16.0.4417.1000', mailboxLocation: 'on-premises' },
    policy: { enableOfflineIm: false, enableImAutoArchiving: false },
    domainsNotFederated: ['elsewhere.example'],
  });
  const unreadable = evaluateGate({ client: { version: 'unknown', mailboxLocation: 'on-premises' } });
  const reasons = [decision, unreadable].flatMap((one) => (one.allowed ? [] : one.reasons.map(({ code }) => code)));
  const documented = page.slice(page.indexOf('## Reasons of the gate')).match(/^\| `[\w-]+`/gm) ?? [];
  expect(documented.map((cell) => cell.slice(3, -1)).sort()).toEqual([...reasons].sort());
});
