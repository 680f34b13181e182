import type { SpoolContext } from '../contract.ts';
import type { FileLayer } from './disk/file-layer.ts';
import { FolderSync, Folders } from './disk/folders.ts';
import type { Layout, SenderFolders } from './disk/layout.ts';
import { Quarantine } from './disk/quarantine.ts';
import { Staging } from './disk/staging.ts';
import { EntryFiles } from './entry-files.ts';
import { TombstoneLog } from './tombstones/log.ts';

/** Where the manifest of a note lies. */
interface StoredManifest {
  readonly path: string;
  readonly folders: SenderFolders;
}

/** The parts of an open file spool; made anew each time it is opened. */
export interface Parts {
  readonly files: FileLayer;
  readonly layout: Layout;
  readonly syncs: FolderSync;
  readonly folders: Folders;
  readonly staging: Staging;
  readonly quarantine: Quarantine;
  readonly tombstones: TombstoneLog;
  readonly entryFiles: EntryFiles;
  /** By note id. */
  readonly manifests: Map<string, StoredManifest>;
}

export function makeParts(files: FileLayer, layout: Layout, context: SpoolContext): Parts {
  const syncs = new FolderSync(files);
  const folders = new Folders(files, syncs, layout);
  const quarantine = new Quarantine(files, syncs, folders, context);
  const lost = (path: string, found: string): void =>
    quarantine.report(path, `it ${found}; the message ids it lists as ended will be accepted again once the spool is reopened`);
  return {
    files,
    layout,
    syncs,
    folders,
    staging: new Staging(files, syncs, folders),
    quarantine,
    tombstones: new TombstoneLog(files, syncs, layout.tombstones, lost),
    entryFiles: new EntryFiles(),
    manifests: new Map(),
  };
}
