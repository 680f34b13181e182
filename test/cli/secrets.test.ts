import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secrets } from '../../src/cli/config/secrets.ts';
import { run } from '../../src/cli/run.ts';
import { Output } from '../../src/cli/terminal/output.ts';

/** The output of a text that contains secrets, in each way of printing. */
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

// The mask itself is no secret, nor are the signs for a line break or a cut.
const secret = fc
  .string({ minLength: 1, maxLength: 6, unit: 'grapheme' })
  .filter((one) => !/[\s*\u2026\ufffd]|^\p{Cc}+$/u.test(one) && !/^[[\dm]+$/.test(one));

/** Shorter ones are part of any word. */
const long = (one: string): boolean => one.length > 3;
/** Whether it stands somewhere by itself. */
const stands = (text: string, one: string): boolean => {
  const escaped = one.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'u').test(text);
};

describe('secrets', () => {
  it('appear in no line, note or table, at a terminal or not, alone or as part of other secrets', () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 3 }),
        fc.string({ maxLength: 250 }),
        fc.boolean(),
        (all, around, terminal) => {
          const text = all.map((one) => `${around}${one}`).join(' ');
          const out = printed(all, text, { terminal });
          for (const one of all.filter(long)) expect(out).not.toContain(one);
        },
      ),
    );
  });

  it('appear in no value of a JSON document, which stays valid', () => {
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 3 }), fc.string(), (all, around) => {
        const document = JSON.parse(printed(all, `${around}${all.join(around)}`, { json: true }));
        for (const one of all.filter(long)) expect(document.text + document.deep[0].text).not.toContain(one);
      }),
    );
  });

  it('of up to three characters are masked when they stand alone, but not inside words', () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,3}$/);
    fc.assert(
      fc.property(word, fc.constantFrom(':', '@', ' ', '"', "'", '/', '=', '(', ')', ',', '&', '\t'), (one, beside) => {
        const out = printed([one], `user${beside}${one}${beside}host`);
        expect(stands(out, one)).toBe(false);
        expect(out).toContain('user');
        expect(out).toContain('host');
      }),
    );
    expect(printed(['p'], 'postgres://u:p@host/app: what had been accepted is still there.')).toMatch(
      /^postgres:\/\/u:\*{3}@host\/app: what had been accepted is still there\.\n/,
    );
    expect(printed(['a', 'abcd', 'abc'], 'abcd abc a').split('\n')[0]).toBe('*** *** ***');
  });

  it.each(['%3A', '%3a', '%40', '%2F', '%253A', '%25253a', '\\n', '\\t', '\\u003a'])(
    'of up to three characters are masked after %s, which ends with a letter or digit',
    (before) => {
      for (const one of ['a', 'ab', 'x1z', '7']) {
        const out = printed([one], `u${before}${one}%40h${before}${one}`);
        expect(out.split('\n')[0]).toBe(`u${before}***%40h${before}***`);
      }
      expect(printed(['ab'], 'u3Aab cab %3Aabc').split('\n')[0]).toBe('u3Aab cab %3Aabc');
    },
  );

  it.each(['"', '\\', '{', 'a', 'ab', 'abc', '$&', '.', '(', '0', 'text'])('leave a document valid JSON: %j', (one) => {
    const document = JSON.parse(printed([one], `"${one}" x`, { json: true })) as { text: string; deep: [{ text: string }] };
    expect(document.text).not.toContain(one.length === 1 && '"x '.includes(one) ? '\0' : one);
    expect(document.deep[0].text).toBe(document.text);
  });
});

describe('a secret written into the config itself', () => {
  const password = 'hunter2-secret';
  const config = (parts: object): string => JSON.stringify({ identity: { sip: 'sip:alice@contoso.test' }, ...parts });

  it.each([
    ['in a line that is not JSON', `{ "ews": { "password": ${password} } }`],
    ['in a later line that is not JSON', `{ "ews": { "password": "${password}" }, }`],
    ['in the place of a name', config({ ews: { username: 'u', password } })],
    ['as a token', config({ graph: { token: password } })],
    ['as the keys', config({ keys: password })],
    ['in a list of keys', config({ keys: [password] })],
    ['as a key', config({ keys: [{ id: 'k', key: password }], routingKey: password })],
    [
      'in the address of EWS',
      config({ ews: { url: `https://u:${password}@127.0.0.1:9`, username: 'u', password: { env: 'P' } } }),
    ],
    ['in the root of Graph', config({ graph: { root: `https://u:${password}@127.0.0.1:9`, token: { env: 'P' } } })],
    ['in the address of a database', config({ spool: `postgres://u:${password}@127.0.0.1:9/db` })],
    ['in an invalid address', config({ spool: `postgres://u:${password}/#@127.0.0.1:9/db` })],
    ['in an address without its slashes', config({ spool: `postgres:u:${password}@127.0.0.1:9/db` })],
    ['in an address with one of them', config({ spool: `postgresql:/u:${password}@127.0.0.1:9/db` })],
    ['in an address without its scheme', config({ spool: `u:${password}@127.0.0.1:9/db` })],
    ['in settings as psql takes them', config({ spool: `host=127.0.0.1 password='${password}' user=u` })],
    ['in a query', config({ spool: `postgres://127.0.0.1:9/db?user=u&password=${password}` })],
  ])('is printed by no command: %s', async (_, text) => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'offline-im-config-'));
    await writeFile(join(folder.path, 'c.json'), text);
    for (const [command, ...json] of [['doctor'], ['doctor', '--json'], ['stats'], ['stats', '--json']]) {
      let all = '';
      const stream = { write: (part: string) => (all += part) };
      const code = await run([command ?? '', '--config', 'c.json', ...json], {
        streams: { out: stream, err: stream, terminal: false, colours: false },
        version: '0',
        env: { P: 'another' },
        cwd: folder.path,
        signal: new AbortController().signal,
        input: async () => '',
        ask: async () => undefined,
      });
      expect(code).not.toBe(0);
      expect(all).not.toContain(password.slice(0, 5));
      expect(all).not.toBe('');
    }
  });
});
