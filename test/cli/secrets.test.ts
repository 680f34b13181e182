import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secrets } from '../../src/cli/config/secrets.ts';
import { Output } from '../../src/cli/terminal/output.ts';

/** What is printed of a text that holds secrets, by each way of an output. */
function printed(secrets: readonly string[], text: string, { terminal = false, json = false } = {}): string {
  const known = new Secrets();
  for (const one of secrets) known.read('password', { env: 'SECRET' }, { env: { SECRET: one }, cwd: '/' });
  let all = '';
  const stream = { write: (part: string) => (all += part) };
  const output = new Output({ out: stream, err: stream, terminal, colours: terminal }, json, (one) => known.mask(one));
  if (json) output.document({ text, deep: [{ text }] });
  else {
    output.line(output.style('red', text));
    output.note(text);
    output.raw(text);
    output.table([''], [[text], [text.repeat(3)]]);
  }
  return all;
}

// The mask itself is no secret, and what stands for a line break or a cut is none.
const secret = fc
  .string({ minLength: 1, maxLength: 6, unit: 'grapheme' })
  .filter((one) => !/[\s*\u2026\ufffd]|^\p{Cc}+$/u.test(one) && !/^[[\dm]+$/.test(one));

describe('secrets, however short', () => {
  it('are in no line, note or table, at a terminal or not, alone or beside others that they are part of', () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 3 }),
        fc.string({ maxLength: 250 }),
        fc.boolean(),
        (all, around, terminal) => {
          const text = all.map((one) => `${around}${one}`).join(' ');
          const out = printed(all, text, { terminal });
          for (const one of all) expect(out).not.toContain(one);
        },
      ),
    );
  });

  it('are in no value of a JSON document, which stays one', () => {
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 3 }), fc.string(), (all, around) => {
        const document = JSON.parse(printed(all, `${around}${all.join(around)}`, { json: true }));
        for (const one of all) expect(document.text + document.deep[0].text).not.toContain(one);
      }),
    );
  });

  it.each(['"', '\\', '{', 'a', 'ab', 'abc', '$&', '.', '(', '0', 'text'])('%j leaves a document one that can be read', (one) => {
    expect(JSON.parse(printed([one], `x${one}y`, { json: true }))).toEqual({
      text: printed([one], `x${one}y`).split('\n')[0],
      deep: [{ text: expect.not.stringContaining(one) }],
    });
  });
});
