import { statfsSync } from 'node:fs';
import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { quoted } from '../../core/errors/quote.ts';

/** Linux's `f_type` of file systems that other machines write to. */
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

/** Linux's `f_type` of file systems that share a folder with another machine, a container or a virtual machine; some are local all the same. */
const sharedTypes: Readonly<Record<number, string>> = {
  16914839: '9p',
  1702057286: 'FUSE',
  1785031267: 'virtiofs',
  2020557398: 'vboxsf',
  3133910204: 'vmhgfs',
};

/** Tells the `f_type` of the file system that a path lies on; `undefined` where it can't. */
type FileSystemType = (path: string) => number | undefined;

/** How strict {@link assertLocal} is, and what it says. */
export interface LocalDiskOptions {
  /** What others on the same disk would do to this kind of spool, as a clause: `… can lose …`. */
  readonly needs: string;
  /** Whether to warn instead of throwing. */
  readonly allowNetworkDisk: boolean;
  warn(error: OfflineImError): void;
  /** @default by the system */
  readonly typeOf?: FileSystemType;
}

/**
 * Refuses a disk that other machines may write to, where the system tells; warns of one that may be shared.
 *
 * @param path The path of the spool.
 * @param folder The folder that it lies in.
 * @throws {OfflineImError} `SPOOL_ROOT_UNUSABLE`
 */
export function assertLocal(
  path: string,
  folder: string,
  { needs, allowNetworkDisk, warn, typeOf = typeOfSystem }: LocalDiskOptions,
): void {
  const unc = process.platform === 'win32' && /^[\\/]{2}[^.?\\/]/.test(path);
  const type = (typeOf(folder) ?? 0) >>> 0;
  const network = unc ? 'SMB' : networkTypes[type];
  if (network !== undefined) {
    const error = new OfflineImError(
      'SPOOL_ROOT_UNUSABLE',
      `The spool ${quoted(path)} is on a network disk (${network}): ${needs}. Choose a local disk, or PostgresSpool; for a disk that only this machine uses, set allowNetworkDisk: true.`,
    );
    if (!allowNetworkDisk) throw error;
    warn(error);
    return;
  }
  const shared = sharedTypes[type];
  if (shared === undefined || allowNetworkDisk) return;
  const message = `The spool ${quoted(path)} is on a file system (${shared}) that may be shared with another machine, or between containers: ${needs}. If nobody else opens it, set allowNetworkDisk: true to silence this warning.`;
  warn(new OfflineImError('SPOOL_ROOT_UNUSABLE', message));
}

/**
 * Warns of a disk that keeps no rights, such as exFAT, or a folder that a virtual machine shares with its host: it took the order to limit them, and nothing changed.
 *
 * @param path Of the spool.
 */
export function warnOfRights(path: string, warn: (error: OfflineImError) => void): void {
  const message = `The disk that holds the spool ${quoted(path)} stores no file permissions, so other users of this machine may read its messages. Mount it for its owner only (umask=077), choose another disk, or encrypt the spool with sealed().`;
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
