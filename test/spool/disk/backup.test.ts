import { lstat, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileSpool } from '../../../src/file.ts';
import type { SpoolContext, SpoolStorage } from '../../../src/spool/contract.ts';
import type { BackupOptions } from '../../../src/spool/disk/backup.ts';
import { SqliteSpool } from '../../../src/sqlite.ts';
import { ManualClock } from '../../../src/testing.ts';
import { claimRequest, newEntry, statesOf } from '../../support/spool-entries.ts';

/** What both spools on a local disk promise about backups, and about restored ones. */
interface Backed extends SpoolStorage {
  backup(path: string, options?: BackupOptions): Promise<void>;
  releaseRestored(): Promise<number>;
}

const kinds: Readonly<Record<string, (path: string, restored?: boolean | 'resume') => Backed>> = {
  FileSpool: (root, restored) => new FileSpool({ root, restored, allowNetworkDisk: true }),
  SqliteSpool: (path, restored) => new SqliteSpool({ path, restored, allowNetworkDisk: true }),
};

const due = (id: string, conversationId = id) => newEntry(id, { pickupIn: 0, conversationId });
const reason = { code: 'EWS_ERROR', text: 'no' } as const;
const refused = { code: 'BACKUP_REFUSED' };
const expired = { owner: 'run-2', closedLanes: [], giveUpAfter: 1, reason: { code: 'EXPIRED', text: 'x' } } as const;

describe.each(Object.keys(kinds))('a backup of a %s', (kind) => {
  const make = kinds[kind] as (typeof kinds)[string];
  let folder: string;
  let clock: ManualClock;
  const opened = new Set<Backed>();

  const at = (name: string): string => join(folder, name);
  const open = async (name: string, restored?: boolean | 'resume', more: Partial<SpoolContext> = {}): Promise<Backed> => {
    const spool = make(at(name), restored);
    opened.add(spool);
    await spool.open({ clock, tombstones: 86_400_000, ...more });
    return spool;
  };

  /** One entry of each state, and a conversation of three. */
  const filled = async (): Promise<Backed> => {
    const spool = await open('spool');
    await spool.append([due('unconfirmed'), due('deferred'), due('delivering'), due('dead'), due('delivered')]);
    const notes = await spool.claim(claimRequest({ limit: 5 }));
    await spool.settle(
      notes.flatMap(({ token, entries }) => {
        const id = entries[0]?.id;
        if (id === 'unconfirmed') return { token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason } as const;
        if (id === 'deferred') return { token, to: 'deferred', after: 0, failure: true, reason } as const;
        if (id === 'dead') return { token, to: 'dead', sent: 'no', reason } as const;
        return id === 'delivered' ? ({ token, to: 'delivered' } as const) : [];
      }),
    );
    await spool.append([due('mine'), due('first', 'chat'), due('second', 'chat'), due('third', 'chat')]);
    await spool.hold(['mine']);
    return spool;
  };

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'offline-im-backup-')));
    clock = new ManualClock();
  });

  afterEach(async () => {
    for (const spool of opened) await spool.close().catch(() => undefined);
    opened.clear();
    await rm(folder, { recursive: true, force: true });
  });

  it('holds all waiting entries when opened, says so at every start, and expires nothing meanwhile', async () => {
    await (await filled()).backup(at('copy'));
    for (let start = 0; start < 2; start++) {
      const warnings: unknown[] = [];
      const copy = await open('copy', undefined, { onWarning: (error) => warnings.push(error), tombstones: 365 * 86_400_000 });
      expect(await statesOf(copy)).toEqual({
        unconfirmed: 'held',
        deferred: 'held',
        delivering: 'held',
        first: 'held',
        second: 'held',
        third: 'held',
        mine: 'held',
        dead: 'dead',
        delivered: 'delivered',
      });
      expect(warnings).toMatchObject([{ code: 'SPOOL_RESTORED', details: { held: 6 } }]);
      clock.setWall(clock.now() + 40 * 86_400_000);
      await clock.advance(40 * 86_400_000);
      expect(await copy.expire(expired)).toEqual([]);
      expect(await copy.claim(claimRequest())).toEqual([]);
      expect(await copy.claim(claimRequest({ kind: 'probe' }))).toEqual([]);
      await copy.close();
    }
  });

  it('releases in the original order, before later messages, and probes entries that may have been sent first', async () => {
    await (await filled()).backup(at('copy'));
    const copy = await open('copy');
    await copy.append([due('fourth', 'chat')]);
    await copy.cancel(['second']);
    expect(await copy.releaseRestored()).toBe(5);
    expect(await copy.releaseRestored()).toBe(0);
    const probes = await copy.claim(claimRequest({ kind: 'probe' }));
    expect(probes.flatMap(({ entries }) => entries.map(({ id }) => id)).sort()).toEqual(['delivering', 'unconfirmed']);
    const chat = (await copy.claim(claimRequest())).find(({ entries }) => entries[0]?.conversationId === 'chat');
    expect(chat?.entries.map(({ id }) => id)).toEqual(['first', 'third', 'fourth']);
    expect((await statesOf(copy)).mine).toBe('held');
  });

  it('continues at once with restored: "resume", and is an ordinary spool from then on', async () => {
    await (await filled()).backup(at('copy'));
    const copy = await open('copy', 'resume');
    expect(await statesOf(copy)).toMatchObject({
      first: 'spooled',
      // Another process might still have it open, as far as a shared spool can tell.
      delivering: kind === 'SqliteSpool' ? 'delivering' : 'unconfirmed',
      deferred: 'deferred',
      mine: 'held',
    });
    await copy.close();
    expect(await statesOf(await open('copy'))).toMatchObject({ first: 'spooled' });
  });

  it('remembers finished messages: their ids create no second message', async () => {
    await (await filled()).backup(at('copy'));
    const copy = await open('copy');
    expect(await copy.append([due('delivered')])).toMatchObject([{ status: 'duplicate' }]);
  });

  it('treats entries that the host releases and holds again as held by the host', async () => {
    await (await filled()).backup(at('copy'));
    const copy = await open('copy');
    await copy.release(['first']);
    await copy.hold(['first']);
    await copy.releaseRestored();
    expect((await statesOf(copy)).first).toBe('held');
  });

  it('is complete while messages are continuously accepted, claimed and settled', async () => {
    const spool = await open('spool');
    await spool.append(Array.from({ length: 700 }, (_, index) => due(`before-${index}`, `c${index % 40}`)));
    let ended = false;
    const copying = spool.backup(at('copy')).finally(() => {
      ended = true;
    });
    copying.catch(() => undefined);
    for (let round = 0; !ended; round++) {
      await spool.append([due(`during-${round}`)]);
      const notes = await spool.claim(claimRequest({ limit: 4 }));
      await spool.settle(
        notes.map(({ token }, index) =>
          index % 2 === 0
            ? ({ token, to: 'delivered' } as const)
            : ({ token, to: 'unconfirmed', after: 0, absent: false, counted: 0, reason } as const),
        ),
      );
    }
    await copying;
    const corrupt: unknown[] = [];
    const copy = await open('copy', undefined, { onCorrupt: (report) => corrupt.push(report) });
    const states = await statesOf(copy);
    const before = Object.entries(states).filter(([id]) => id.startsWith('before-'));
    expect(before).toHaveLength(700);
    expect(before.filter(([, state]) => state !== 'held' && state !== 'delivered')).toEqual([]);
    expect(corrupt).toEqual([]);
  });

  it('reports its progress, and leaves nothing when its signal or its host aborts it', async () => {
    const spool = await filled();
    const told: { copied: number; total: number }[] = [];
    await spool.backup(at('copy'), { onProgress: (progress) => told.push(progress) });
    expect(told.at(-1)?.copied).toBeGreaterThan(0);
    expect(told.at(-1)?.copied).toBe(told.at(-1)?.total);
    const abort = new AbortController();
    await expect(
      spool.backup(at('other'), { signal: abort.signal, onProgress: () => abort.abort(new Error('enough')) }),
    ).rejects.toThrow('enough');
    await expect(spool.backup(at('other'), { signal: AbortSignal.abort(new Error('late')) })).rejects.toThrow('late');
    const failing = { onProgress: () => Promise.reject(new Error('no')) as never };
    await spool.backup(at('third'), failing).catch(() => undefined);
    expect((await readdir(folder)).filter((name) => name.startsWith('other') || name.includes('partial'))).toEqual([]);
  });

  it('is never written onto the spool, into it, or over a spool in use, a link or a device, whatever the options', async () => {
    const spool = await filled();
    const other = await open('other');
    await other.append([due('theirs')]);
    await symlink(at('missing'), at('link'));
    const targets = ['spool', 'other', 'link', ...(kind === 'FileSpool' ? ['spool/inside', '.'] : ['spool-wal'])];
    for (const target of targets) {
      for (const overwrite of [false, true]) {
        await expect(spool.backup(at(target), { overwrite }), target).rejects.toMatchObject(refused);
      }
    }
    await expect(spool.backup('/dev/null', { overwrite: true })).rejects.toMatchObject(refused);
    expect((await lstat(at('link'))).isSymbolicLink()).toBe(true);
    expect(await statesOf(other)).toEqual({ theirs: 'spooled' });
  });

  it('replaces an older backup; another file only with overwrite', async () => {
    const spool = await filled();
    await spool.backup(at('copy'));
    await spool.append([due('later')]);
    await spool.backup(at('copy'));
    await writeFile(at('foreign'), 'precious');
    await expect(spool.backup(at('foreign'))).rejects.toMatchObject(refused);
    await spool.backup(at('foreign'), { overwrite: true });
    for (const name of ['copy', 'foreign']) {
      const copy = await open(name);
      expect(await statesOf(copy)).toMatchObject({ later: 'held', dead: 'dead' });
      await copy.close();
    }
    // Opened as a spool, it is no longer a backup.
    await expect(spool.backup(at('copy'))).rejects.toMatchObject(refused);
  });

  it('a spool copied by other means is held once, if its host says so', async () => {
    const spool = await filled();
    await spool.close();
    const warnings: unknown[] = [];
    const first = await open('spool', true, { onWarning: (error) => warnings.push(error) });
    expect(await statesOf(first)).toMatchObject({ first: 'held', unconfirmed: 'held' });
    await first.append([due('new')]);
    await first.close();
    const second = await open('spool', true, { onWarning: (error) => warnings.push(error) });
    expect(await statesOf(second)).toMatchObject({ first: 'held', new: 'spooled' });
    expect(warnings).toHaveLength(2);
  });

  it('is refused by a spool that is not open, and for an invalid path', async () => {
    const spool = await filled();
    await expect(spool.backup('')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await mkdir(at('folder'));
    await spool.close();
    await expect(spool.backup(at('copy'))).rejects.toMatchObject({ code: 'SPOOL_CLOSED' });
  });
});
