import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { offlineImHere } from './in-process.ts';
import { cache, program } from './offline-im.ts';
import { fill } from './running-sender.ts';

/** util-linux: runs a command at a terminal of its own. */
const hasTerminal = spawnSync('script', ['--version']).stdout?.toString().includes('util-linux') === true;

let folder: string;
let where: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-prompt-'));
  where = join(folder, 'spool.db');
  await fill('sqlite', where, false);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Exit code of a command at a terminal when these keys are typed at its question. Its output may be redirected. */
async function answered(line: string, keys: string, elsewhere = ''): Promise<string> {
  const shell = `("$NODE" "$PROGRAM" ${line} --spool "$SPOOL"; echo "ended with $?.") ${elsewhere}`;
  const child = spawn('script', ['-qec', shell, '/dev/null'], {
    env: { PATH: process.env.PATH, NODE: process.execPath, PROGRAM: program, SPOOL: where, NODE_COMPILE_CACHE: cache },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let out = '';
  let isAsked = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (isAsked || !/\[y\/N\] |type its id: /.test(out)) return;
    isAsked = true;
    child.stdin.write(keys);
  });
  await once(child, 'close');
  return out;
}

describe.runIf(hasTerminal)('a question at a terminal', () => {
  const [hold, force] = ['hold --state spooled', 'requeue dead --force'];
  const [ctrlC, ctrlD] = ['\u0003', '\u0004'];

  it.each([
    ['Ctrl-C', hold, ctrlC, 130],
    ['Ctrl-C', force, ctrlC, 130],
    ['Ctrl-D', hold, ctrlD, 2],
    ['Ctrl-D', force, ctrlD, 2],
    ['no', hold, 'n\r', 2],
    ['another id', force, 'dea\r', 2],
  ])('%s at %s', async (_name, line, keys, code) => {
    const out = await answered(line, keys);
    expect(out).toContain(`ended with ${code}.`);
    expect(out.includes('Nothing was done')).toBe(code === 2);
    expect(out).not.toContain('Aborted');
  });

  it('treats Ctrl-D as no when its output is piped', async () => {
    const out = await answered(hold, ctrlD, '2>&1 | cat');
    expect(out).toContain('Nothing was done');
    expect(out).toContain('ended with 2.');
  });

  it('prints an error to a file without terminal colours', async () => {
    const out = await answered('hold', '', '2>"$SPOOL.err"; cat -v "$SPOOL.err"');
    expect(out).toContain('offline-im: hold takes ids');
    expect(out).not.toContain('^[');
  });

  it('accepts yes in upper or lower case', async () => {
    for (const keys of ['yes\r', ' Y \r']) {
      expect(await answered(hold, keys)).toMatch(/hold: 1 changed\s+ended with 0\./);
      await offlineImHere(['release', 'waits', '--spool', where]);
    }
  });
});
