import { statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { quoted } from '../../../core/errors/quote.ts';

/** Linux's `f_type` of file systems that other machines write to: SQLite's log needs memory that all its users share. */
const networkTypes: Readonly<Record<number, string>> = {
  26985: 'NFS',
  4283649346: 'CIFS',
  4266872130: 'SMB',
  20859: 'SMB',
  1397113167: 'AFS',
  1799439955: 'AFS',
  1937076805: 'Coda',
  22092: 'NCP',
  12805120: 'Ceph',
  198183888: 'Lustre',
  18225520: 'GFS2',
  1952539503: 'OCFS2',
  428016422: 'BeeGFS',
  1196443219: 'GPFS',
  2866260714: 'PanFS',
};

/** File systems that hand a folder of one machine to another, or to a container or a virtual machine on it; some are local all the same. */
const sharedTypes: Readonly<Record<number, string>> = {
  16914839: '9p',
  1702057286: 'FUSE',
  1785031267: 'virtiofs',
  2020557398: 'vboxsf',
  3133910204: 'vmhgfs',
};

/** `f_type` of the file system that a path lies on; `undefined` where it says nothing. */
export type FileSystemType = (path: string) => number | undefined;

/**
 * Refuses what is no ordinary file, and a disk that other machines may write to, where that can be told; warns where it only may be one.
 *
 * @param allowNetworkDisk Warns instead of refusing.
 * @throws {OfflineImError} `SPOOL_ROOT_UNUSABLE`
 */
export function assertLocal(
  path: string,
  {
    allowNetworkDisk,
    warn,
    typeOf = typeOfSystem,
  }: { readonly allowNetworkDisk: boolean; warn(error: OfflineImError): void; readonly typeOf?: FileSystemType },
): void {
  if (!statSync(path).isFile()) {
    throw new OfflineImError(
      'SPOOL_ROOT_UNUSABLE',
      `${quoted(path)} is not a file; choose the path of a file, or of one to be made.`,
    );
  }
  const unc = process.platform === 'win32' && /^[\\/]{2}[^.?\\/]/.test(path);
  const type = (typeOf(dirname(path)) ?? 0) >>> 0;
  const network = unc ? 'SMB' : networkTypes[type];
  const needs = 'SQLite can lose what it has written when two machines, or two containers that share no memory, have it open';
  if (network !== undefined) {
    const error = new OfflineImError(
      'SPOOL_ROOT_UNUSABLE',
      `The spool ${quoted(path)} is on a network disk (${network}): ${needs}. Choose a local disk, or PostgresSpool; a disk that only this machine uses is taken with allowNetworkDisk: true.`,
    );
    if (!allowNetworkDisk) throw error;
    warn(error);
    return;
  }
  const shared = sharedTypes[type];
  if (shared === undefined || allowNetworkDisk) return;
  const message = `The spool ${quoted(path)} is on a file system (${shared}) that may be shared with another machine, or between containers: ${needs}. If nobody else opens it, allowNetworkDisk: true ends this warning.`;
  warn(new OfflineImError('SPOOL_ROOT_UNUSABLE', message));
}

function typeOfSystem(path: string): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return statfsSync(path).type;
  } catch {
    return undefined;
  }
}
