import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OfflineImSenderOptions } from '../../../src/sender/options.ts';
import type { SpoolStorage } from '../../../src/spool/contract.ts';
import { FileSpool } from '../../../src/spool/file/file-spool.ts';
import type { SealOptions } from '../../../src/spool/sealed/keys.ts';
import { sealed } from '../../../src/spool/sealed/sealed-spool.ts';
import type { SpoolConformanceSubject } from '../../../src/testing.ts';
import { aliceSends } from '../../support/sender-fixture.ts';

/** 32 random bytes. */
export function newKey(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** Creates spools sealed with keys that last as long as the folder. */
export function sealing(make: (folder: string) => SpoolStorage): (folder: string) => SpoolStorage {
  const options = { keys: [{ id: 'k1', key: newKey() }], routingKey: newKey() };
  return (folder) => sealed(make(folder), options);
}

/** Alice with sealed files. Deliver with `flush()`: a manual clock does not wait for WebCrypto. */
export function aliceSeals(root: string, keys: SealOptions, options: Partial<OfflineImSenderOptions> = {}) {
  return aliceSends({ spool: sealed(new FileSpool({ root }), keys), ...options });
}

/** All files below a folder, by relative path. */
export async function filesOf(root: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const found of await readdir(root, { recursive: true, withFileTypes: true })) {
    const path = join(found.parentPath, found.name);
    files.set(path.slice(root.length + 1), found.isFile() ? await readFile(path, 'latin1') : '');
  }
  return files;
}

/** Files of waiting entries. */
export async function waitingIn(root: string): Promise<string[]> {
  return [...(await filesOf(root)).keys()].filter((path) => /[/\\]waiting[/\\].*\.json$/.test(path)).sort();
}

/** Behaviour of the spool inside, covered by its own suite. What remains are claims, leases and files. */
export const inItsOwnSuite: readonly SpoolConformanceSubject[] = [
  'life',
  'host actions',
  'cancel',
  'expiry',
  'tombstones',
  'next due',
  'wall clock',
  'merge',
  'settle',
];
