/** Every response code of Microsoft's schema has a verdict and a reason, in one of two places. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeRules, ruleOf } from '../../../src/ews/outcome/response-codes.ts';
import unconfirmed from '../../../src/ews/outcome/unconfirmed-codes.json' with { type: 'json' };
import { useHarness } from '../support/harness.ts';
import { created, fault } from '../support/responses.ts';

/** `ResponseCodeType` of messages.xsd, schema of 2017, one a line. */
const schema = readFileSync(new URL('./response-codes.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');
const listed = unconfirmed.flatMap(({ codes }) => codes);

describe('the codes of the schema', () => {
  it('have a rule, or are listed as unconfirmed: each in one place', () => {
    expect(schema).toHaveLength(521);
    const all = [...codeRules.keys(), ...listed, 'NoError'];
    expect(all.filter((code, at) => all.indexOf(code) !== at)).toEqual([]);
    // Servers newer than the schema may have a row too.
    expect(schema.filter((code) => !all.includes(code))).toEqual([]);
  });

  it('have a reason', () => {
    for (const { why, codes } of unconfirmed) {
      expect(why.length).toBeGreaterThan(20);
      expect(codes).toEqual([...codes].sort());
    }
    const silent = [...codeRules].filter(([, rule]) => rule.why === undefined);
    // These mean only that the outcome is unknown; their differences are described beside them.
    expect(silent.every(([, { verdict }]) => verdict.kind === 'unconfirmed' && verdict.scope === 'note')).toBe(true);
  });

  it.each(listed.filter((_, at) => at % 20 === 0))('%s is unconfirmed', (code) => {
    expect(ruleOf(code).verdict).toEqual({ kind: 'unconfirmed', scope: 'note' });
  });
});

const h = useHarness();
const ofRequest = [...codeRules].flatMap(([code, rule]) =>
  rule.verdict.kind === 'blocked' && rule.beforeFirstItem === true ? [code] : [],
);

describe('a code about the identity or address of the request', () => {
  it('is known in all its variants', () => {
    const some = ['ErrorNonPrimarySmtpAddress', 'ErrorInvalidUserSid', 'ErrorProxyRequestNotAllowed', 'ErrorAccessModeSpecified'];
    expect(ofRequest).toEqual(expect.arrayContaining(some));
    expect(ofRequest.length).toBeGreaterThan(30);
  });

  it.each(ofRequest)('%s blocks the mailbox at once, and nothing was sent', async (code) => {
    const blocked = { status: 'blocked', scope: 'mailbox', sent: 'no', by: 'login', error: { details: { responseCode: code } } };
    h.server.handler = () => ({ status: 500, body: fault(code) });
    expect(await h.deliver(3)).toMatchObject([blocked, blocked, blocked]);
    h.server.handler = () => ({ body: created(code) });
    expect(await h.deliver(1)).toMatchObject([blocked]);
  });
});
