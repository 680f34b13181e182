import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSpool } from '../../src/admin/open-spool.ts';
import { offlineImHere } from './in-process.ts';
import { offlineIm } from './offline-im.ts';
import { fill } from './running-sender.ts';

let folder: string;
let root: string;
let owner: ChildProcess | undefined;

const start = async (): Promise<void> => {
  folder = await mkdtemp(join(tmpdir(), 'offline-im-owner-'));
  root = join(folder, 'spool');
  owner = await fill('file', root, true);
};
const end = async (): Promise<void> => {
  owner?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
};

/** By this process, which owns the folder as little as any other. */
const run = (where: string, ...args: string[]) => runBy(offlineImHere, where, ...args);
const runBy = async (by: typeof offlineIm, where: string, ...args: string[]) => {
  const { code, out, err } = await by([...args, '--spool', where, '--json']);
  return { code, err, json: out === '' ? undefined : JSON.parse(out) };
};
const own = (name: string) => join(root, '.offline-im', name);
const addressOf = async (): Promise<string> => JSON.parse(await readFile(own('operators.json'), 'utf8')).socket;
const ended = async (child: ChildProcess | undefined, signal: 'SIGKILL'): Promise<void> => {
  child?.kill(signal);
  if (child !== undefined && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};

describe('a folder that a sender has open', () => {
  beforeEach(start);
  afterEach(end);

  it('is in use, and says why its sender cannot be seen, where that has temporary files of its own', async () => {
    await writeFile(own('operators.json'), JSON.stringify({ socket: join(folder, 'private-tmp', 'x.sock') }));
    const { code, err } = await run(root, 'stats');
    expect(code).toBe(4);
    expect(err).toMatch(/ENOENT.*PrivateTmp.*XDG_RUNTIME_DIR/);
  });

  it('can be listed, changed, paused, checked and backed up through that sender, which keeps running', async () => {
    expect(await runBy(offlineIm, root, 'stats')).toMatchObject({
      code: 0,
      err: '',
      json: { states: { spooled: 1, dead: 1, held: 1 } },
    });
    expect((await run(root, 'explain', 'waits')).json).toMatchObject({ explanations: [{ waitingFor: 'pickup' }] });
    expect((await run(root, 'hold', 'waits')).json).toMatchObject({ changes: [{ from: 'spooled', to: 'held' }] });
    // Everything that may be due now is tried at once: the server refuses it again.
    expect((await run(root, 'requeue', '--state', 'dead', '--yes')).json).toMatchObject({ changes: [{ to: 'spooled' }] });
    expect((await run(root, 'pause', '--why', 'moved')).json).toMatchObject({ paused: [{ why: 'moved' }] });
    expect((await run(root, 'check')).json).toEqual({ ok: true, findings: [] });
    const copy = join(folder, 'copy');
    expect((await runBy(offlineIm, root, 'backup', copy)).code).toBe(0);
    expect((await run(copy, 'stats')).json).toMatchObject({ states: { held: 2, dead: 1 }, paused: [] });
    expect(owner?.exitCode).toBeNull();
  });

  it('is served on a socket outside the folder, for its user only; the next owner removes one left by a killed process', async () => {
    const address = await addressOf();
    expect(address.startsWith(root)).toBe(false);
    expect((await stat(dirname(address))).mode & 0o777).toBe(0o700);
    expect((await stat(own('operators.json'))).mode & 0o777).toBe(0o600);
    await ended(owner, 'SIGKILL');
    // The next process that opens the folder removes what a killed one left.
    const spool = await openSpool(root);
    const left = await readdir(dirname(address));
    expect(left).not.toContain(address.slice(dirname(address).length + 1));
    await spool.close();
    expect(await readdir(join(root, '.offline-im'))).not.toContain('operators.json');
  });

  it('ends with 4 and says so while the sender is suspended, and is asked again once it continues', async () => {
    owner?.kill('SIGSTOP');
    const { code, err } = await run(root, 'stats');
    expect(code).toBe(4);
    expect(JSON.parse(err)).toMatchObject({
      error: { code: 'SPOOL_LOCKED', message: expect.stringContaining(`process ${owner?.pid}`) },
    });
    expect(err).toContain('did not answer within 5 s: it is suspended or very busy');
    owner?.kill('SIGCONT');
    expect((await run(root, 'stats')).code).toBe(0);
  });

  it('can be opened directly after the sender was killed', async () => {
    await ended(owner, 'SIGKILL');
    expect((await run(root, 'stats')).json).toMatchObject({ states: { spooled: 1, dead: 1, held: 1 } });
    expect((await run(root, 'cancel', 'waits')).json).toMatchObject({ changes: [{ to: 'cancelled' }] });
  });

  it('is not reached through a copy of the folder, whatever was copied', async () => {
    const copy = join(folder, 'copy');
    await cp(root, copy, { recursive: true });
    expect((await run(copy, 'cancel', 'waits')).json).toMatchObject({ changes: [{ to: 'cancelled' }] });
    expect((await run(root, 'stats')).json).toMatchObject({ states: { spooled: 1 } });
    // The copy is in use itself, by a process that could not write its owner file: token and address are those of the original.
    const other = await openSpool(copy);
    for (const name of ['owner.json', 'operators.json']) await cp(own(name), join(copy, '.offline-im', name));
    const asked = await run(copy, 'cancel', 'held');
    expect(asked).toMatchObject({ code: 4, err: expect.stringContaining('cannot prove that it has the folder') });
    expect((await run(root, 'stats')).json).toMatchObject({ states: { held: 1 } });
    await other.close();
  });

  it('ends with 4 if another program listens in its place, which learns nothing', async () => {
    const heard: string[] = [];
    const impostor = createServer((socket) => {
      socket.on('data', (data) => {
        heard.push(data.toString());
        socket.write(`${JSON.stringify({ proof: '00', nonce: '00' })}\n`);
      });
    });
    const address = join(folder, 'impostor.sock');
    await new Promise<void>((resolve) => impostor.listen(address, resolve));
    await writeFile(own('operators.json'), JSON.stringify({ socket: address }));
    expect(await run(root, 'cancel', 'waits')).toMatchObject({ code: 4 });
    const { token } = JSON.parse(await readFile(own('owner.json'), 'utf8')) as { token: string };
    expect(heard.join('')).toMatch(/^\{"offlineIm":1,"nonce":"[0-9a-f]{32}"\}\n$/);
    expect(heard.join('')).not.toContain(token);
    await new Promise((resolve) => impostor.close(resolve));
  });
});

describe('a sender that has a folder open', () => {
  // Shared: hanging up on one client does not affect the next.
  beforeAll(start);
  afterAll(end);

  it.each([
    ['bytes without end', 'x'.repeat(5_000)],
    ['no JSON', '{\n'],
    ['null', 'null\n'],
    ['a question before a proof', '{"offlineIm":1,"nonce":"1"}\n{"id":1,"call":"counts","args":[]}\n'],
    ['a wrong proof', '{"offlineIm":1,"nonce":"1"}\n{"proof":"ff"}\n'],
    ['another version', '{"offlineIm":2,"nonce":"1"}\n'],
  ])('hangs up on %s, and still answers others', async (_, bytes) => {
    const socket = createConnection(await addressOf());
    let heard = '';
    socket.on('data', (data) => (heard += data.toString())).on('error', () => undefined);
    socket.write(bytes);
    await once(socket, 'close');
    expect(heard).not.toContain('result');
    const spool = await openSpool(root);
    expect((await spool.stats()).states.spooled).toBe(1);
    await spool.close();
  });
});
