import { chmod, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Secrets } from '../../src/cli/config/secrets.ts';
import { offlineImHere } from './in-process.ts';
import { offlineIm } from './offline-im.ts';
import { fill } from './running-sender.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const config = JSON.stringify({ identity: { sip: 'sip:alice@contoso.test' } });

it.each([
  ['cut.json', '{"identity":', 'it is not JSON'],
  ['array.json', '[]', 'it holds an array; expected an object'],
  ['text.json', '"pw-4711"', 'it holds a value of type string; expected an object'],
  ['misspelled.json', '{"identitty":{}}', 'the nearest one is identity'],
  ['broken.mjs', 'export default {;', 'Unexpected token'],
  ['nothing.mjs', 'const config = {};', 'it exports nothing; expected export default'],
  ['named.mjs', `export const config = ${config};`, 'it exports "config" and nothing by default'],
  ['called.mjs', `export default () => (${config});`, 'it exports by default a value of type function'],
  ['rejects.mjs', 'export default Promise.reject(new Error("no vault"));', 'no vault'],
  ['throws.mjs', 'throw new Error("no vault");', 'no vault'],
  ['config.yaml', 'identity:', 'its name does not end in'],
])('refuses a config %s, and says what is wrong with it', async (name, text, why) => {
  await writeFile(join(folder, name), text);
  // Vitest imports modules differently.
  const ran = name.endsWith('.mjs') ? offlineIm : offlineImHere;
  const { code, out, err } = await ran(['send', '--config', name, '--spool', 'spool', '--to', 'bob@contoso.test', 'Hi'], {
    cwd: folder,
  });
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(why);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(err).not.toContain('pw-4711');
});

it('refuses a config that is missing or not a file, in a sentence', async () => {
  await mkdir(join(folder, 'sub.json'));
  for (const [name, why] of [
    ['sub.json', 'it is a folder'],
    ['none.json', 'no such file'],
  ] as const) {
    const { code, err } = await offlineImHere(['stats', '--config', name], { cwd: folder });
    expect({ code, err }).toEqual({ code: 2, err: `offline-im: "${join(folder, name)}" can't be read: ${why}.\n` });
  }
});

it.skipIf(process.platform === 'win32')('ignores a config in the working folder that others may write, and says so', async () => {
  const own = join(folder, 'own');
  await mkdir(own);
  const file = join(own, 'offline-im.config.json');
  await writeFile(file, JSON.stringify({ spool: 'elsewhere' }));
  await chmod(file, 0o666);
  const { code, err } = await offlineImHere(['stats'], { cwd: own });
  expect(code).toBe(2);
  expect(err).toContain(`${file} is ignored: other users can write to it`);
  expect(err).toContain('Which spool?');
  await chmod(file, 0o600);
  expect((await offlineImHere(['stats'], { cwd: own })).err).toContain('elsewhere" does not exist');
});

it('awaits a config module that exports a promise', async () => {
  await writeFile(join(folder, 'promise.mjs'), "export default Promise.resolve({ spool: 'from-a-promise' });");
  const { err } = await offlineIm(['stats', '--config', 'promise.mjs'], { cwd: folder });
  expect(err).toContain('from-a-promise" does not exist');
});

it('check reports a truncated spool as its finding; every other command fails', async () => {
  const path = join(folder, 'cut.db');
  await fill('sqlite', path, false);
  await truncate(path, 8_192);
  const found = await offlineImHere(['check', '--spool', path]);
  expect(found).toMatchObject({ code: 3, err: '' });
  expect(found.out).toMatch(/^fail\t.*damaged.*Restore a backup/);
  const json = await offlineImHere(['check', '--spool', path, '--json']);
  expect(JSON.parse(json.out)).toEqual({ ok: false, findings: [expect.stringContaining('Restore a backup')] });
  expect(await offlineImHere(['stats', '--spool', path])).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('[SPOOL_CORRUPT]'),
  });
});

it.each(['--recipient', '--mailbox'])('an invalid address is a usage error: %s', async (option) => {
  for (const wrong of ['', 'bob', 'a\u0007b@contoso.com']) {
    const { code, err } = await offlineImHere(['list', option, wrong, '--spool', 'anywhere'], { cwd: folder });
    expect(code).toBe(2);
    expect(err).toContain(`${option}: `);
    expect(err).not.toContain('\u0007');
  }
});

it('a config and secret files may begin with a byte order mark, as Windows shells write it', async () => {
  const secrets = new Secrets();
  await writeFile(join(folder, 'secret.txt'), '\ufeffpw-4711\r\n');
  expect(secrets.read('password', { file: 'secret.txt' }, { env: {}, cwd: folder })).toBe('pw-4711');
  await writeFile(join(folder, 'marked.json'), '\ufeff{ "spool": "nowhere" }');
  const { err } = await offlineImHere(['stats', '--config', 'marked.json'], { cwd: folder });
  expect(err).toContain('nowhere" does not exist');
});
