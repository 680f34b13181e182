import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { errorCodes } from '../../src/core/errors/codes.ts';
import { OfflineImError } from '../../src/core/errors/offline-im-error.ts';
import { evaluateGate } from '../../src/gating/gate.ts';

const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'error-codes.md'), 'utf8');
const rows = [...page.matchAll(/^\| `([\w-]+)` \| (.*?) \| ?(.*?) ?\|?$/gm)].map(([, code = '', meaning = '', rest = '']) => ({
  code,
  meaning,
  rest,
}));

it('docs/error-codes.md has every code with its sentence, in the order of the table, and says where it comes from', () => {
  const codes = rows.filter(({ code }) => /^[A-Z_]+$/.test(code));
  expect(Object.fromEntries(codes.map(({ code, meaning }) => [code, meaning]))).toEqual(errorCodes);
  expect(codes.map(({ code }) => code)).toEqual(Object.keys(errorCodes));
  for (const { code, rest } of codes) expect(rest, code).not.toBe('');
});

it('and every reason of the gate', () => {
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

it('is what error.help names', () => {
  expect(new OfflineImError('EXPIRED', 'Too late.').help).toBe('offline-im/docs/error-codes.md');
});
