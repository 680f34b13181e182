import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { serverVersions } from '../../src/ews/client/soap.ts';
import { type CodeRule, codeRules } from '../../src/ews/outcome/response-codes.ts';

const docs = join(import.meta.dirname, '..', '..', 'docs');
const begin = /<!-- response codes: .*? -->\n/;
const end = '<!-- end of response codes -->';

function outcomeOf({ verdict, beforeFirstItem }: CodeRule): string {
  const parts: string[] = [verdict.kind];
  if (verdict.scope !== 'note') parts.push(verdict.scope);
  if (verdict.kind === 'rejected' && verdict.splittable) parts.push('split');
  if (verdict.kind === 'blocked' && verdict.sent === 'unknown') parts.push('and probed: it may have been sent');
  if (verdict.kind === 'deferred' && verdict.retryAfter !== undefined)
    parts.push(`not before ${verdict.retryAfter / 3_600_000} h`);
  return `${parts.join(', ')}${beforeFirstItem === true ? '; at once' : ''}`;
}

/** The table of the page, generated from that of the code. */
function tableOfCodes(): string {
  const byOutcome = new Map<string, string[]>();
  for (const [code, rule] of codeRules) {
    const outcome = outcomeOf(rule);
    byOutcome.set(outcome, [...(byOutcome.get(outcome) ?? []), `\`${code}\``]);
  }
  const rows = [...byOutcome].map(([outcome, codes]) => `| ${outcome} | ${codes.join(', ')} |`);
  return `| Outcome | Codes |\n|---|---|\n${rows.join('\n')}\n`;
}

it('docs/failure-modes.md describes every response code as the code handles it', async () => {
  const file = join(docs, 'failure-modes.md');
  const page = await readFile(file, 'utf8');
  const start = begin.exec(page);
  expect(start).not.toBeNull();
  const from = (start?.index ?? 0) + (start?.[0].length ?? 0);
  const to = page.indexOf(end);
  if (process.env.UPDATE_DOCS === '1') await writeFile(file, page.slice(0, from) + tableOfCodes() + page.slice(to));
  else expect(page.slice(from, to)).toBe(tableOfCodes());
});

it('docs/server-compatibility.md names every schema version that is tried, except the newest two', async () => {
  const page = await readFile(join(docs, 'server-compatibility.md'), 'utf8');
  for (const version of serverVersions.slice(0, 3)) expect(page).toContain(version);
});
