import { join } from 'node:path';
import { folderNameOf } from '../../spool/file/disk/layout.ts';

/** The folders of one sender. */
export interface SenderFolders {
  readonly sender: string;
  /** `History Spooler`: what could not be processed, as the product has it. */
  readonly dead: string;
  readonly waiting: string;
  readonly notes: string;
  readonly corrupt: string;
}

/** Where everything lies under a root; docs/file-spool-format.md draws it. */
export interface Layout {
  readonly root: string;
  readonly own: string;
  readonly lock: string;
  readonly tombstones: string;
  readonly corrupt: string;
  sender(name: string): SenderFolders;
}

/** No sender's folder begins with a dot. */
const ownName = '.offline-im';

export function layoutOf(root: string): Layout {
  const own = join(root, ownName);
  // One object a sender, not one a message.
  const senders = new Map<string, SenderFolders>();
  return {
    root,
    own,
    lock: join(own, 'lock'),
    tombstones: join(own, 'tombstones'),
    corrupt: join(own, 'corrupt'),
    sender(name) {
      const known = senders.get(name);
      if (known !== undefined) return known;
      const sender = join(root, name);
      const dead = join(sender, 'History Spooler');
      const folders = {
        sender,
        dead,
        waiting: join(dead, 'waiting'),
        notes: join(dead, 'notes'),
        corrupt: join(dead, 'corrupt'),
      };
      senders.set(name, folders);
      return folders;
    },
  };
}

/** The folders of the sender with that SIP address. */
export function foldersOf(layout: Layout, sip: string): SenderFolders {
  return layout.sender(folderNameOf(sip));
}
