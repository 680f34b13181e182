import { createHash, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, mkdtemp, readdir, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How many bytes the address of a socket may have (macOS allows the fewest: 104, with a zero at the end). */
const longestAddress = 100;

/**
 * Makes a name for the socket of a folder: outside of it, since a socket within would break copies of the folder, and its path may be too long; in a folder that only
 * its owner may enter. Removes sockets that earlier owners left when they were killed: the caller has the folder now.
 */
export async function newAddress(folder: string): Promise<string> {
  const mark = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  const name = `${mark}-${randomBytes(4).toString('hex')}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\offline-im-${name}`;
  for (const base of bases()) {
    const home = await privateFolder(base);
    const address = home === undefined ? '' : join(home, `${name}.sock`);
    if (home === undefined || Buffer.byteLength(address) > longestAddress) continue;
    for (const old of await readdir(home)) {
      if (old.startsWith(`${mark}-`) && old.endsWith('.sock')) await unlink(join(home, old)).catch(() => undefined);
    }
    return address;
  }
  throw new Error('There is no folder for a socket.');
}

function bases(): readonly string[] {
  const { XDG_RUNTIME_DIR: runtime = '' } = process.env;
  return [...(runtime.startsWith('/') ? [runtime] : []), tmpdir(), '/tmp'];
}

/** A folder of ours alone, in one where anybody may have put anything; `undefined` where there is none. */
async function privateFolder(base: string): Promise<string | undefined> {
  const user = process.getuid?.() ?? 0;
  const path = join(base, `offline-im-${user}`);
  try {
    await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const facts = await lstat(path);
    // Somebody else's, or a link to who knows where.
    if (!facts.isDirectory() || facts.uid !== user) return await mkdtemp(join(base, 'offline-im-'));
    if ((facts.mode & 0o077) !== 0) await chmod(path, 0o700);
    return path;
  } catch {
    return undefined;
  }
}
