import { createHash } from 'node:crypto';
import { join } from 'node:path';

const longestPlain = 80;
const keptOfOthers = 48;
/** Lower case only: two names must differ by more than case. No dot at either end: hidden here, dropped on Windows. */
const plain = /^[a-z0-9@+=_-](?:[a-z0-9@.+=_-]*[a-z0-9@+=_-])?$/;
/** Windows takes these for devices, in any folder and with any ending. */
const device = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * An id as part of a file name: as it is where that is safe on every file system, otherwise its readable characters, `~`
 * and 128 bits of its SHA-256. No two ids have the same name, in whatever case a file system folds names, and none
 * leaves its folder. A name has at most 81 characters, all of them ASCII, and never `~~`.
 */
export function nameOf(id: string): string {
  if (id.length <= longestPlain && plain.test(id) && !device.test(id)) return id;
  const readable = id
    .slice(0, keptOfOthers)
    .replaceAll(/[^A-Za-z0-9@.+=_-]/g, '_')
    .replace(/^\.+|^$/, '_');
  // As JSON: a lone surrogate has no UTF-8 of its own.
  const hash = createHash('sha256').update(JSON.stringify(id)).digest('hex').slice(0, 32);
  return `${device.test(readable) ? '_' : ''}${readable.slice(0, keptOfOthers - 1)}~${hash}`;
}

/** The folder of a sender: its SIP address without scheme, as the product names it. Addresses are equal in any case. */
export function folderNameOf(sip: string): string {
  return nameOf(
    sip
      .replace(/^sips?:/i, '')
      .normalize('NFC')
      .toLowerCase(),
  );
}

/** The file of all entries of a message. */
export function messageFileName(messageId: string): string {
  return `${nameOf(messageId)}.json`;
}

/** The file of one of several entries of a message; `rev` only where that name is taken. */
export function entryFileName(messageId: string, entryId: string, rev?: number): string {
  const name = `${nameOf(messageId)}~~${nameOf(entryId)}`;
  return rev === undefined ? `${name}.json` : `${name}~~${rev}.json`;
}

/** The manifest of a note. */
export function manifestName(noteId: string): string {
  return `${nameOf(noteId)}.json`;
}

/** Whether a file may be ours, by its name: people and file managers leave others. */
export function isRecordName(name: string): boolean {
  return name.endsWith('.json') && !name.startsWith('.');
}

/** A name for a file that is not complete yet. */
export function temporaryName(count: number): string {
  return `.offline-im-${count}.tmp`;
}

export function isTemporaryName(name: string): boolean {
  return /^\.offline-im-\d+\.tmp$/.test(name);
}

/** The folders of one sender. */
export interface SenderFolders {
  readonly sender: string;
  /** `History Spooler`: messages that could not be processed, as in the product. */
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
  /** The document of operators: pauses, audit. */
  readonly admin: string;
  sender(name: string): SenderFolders;
}

/** No sender's folder begins with a dot. */
const ownName = '.offline-im';

export function layoutOf(root: string): Layout {
  const own = join(root, ownName);
  // One object per sender, not per message.
  const senders = new Map<string, SenderFolders>();
  return {
    root,
    own,
    lock: join(own, 'lock'),
    tombstones: join(own, 'tombstones'),
    corrupt: join(own, 'corrupt'),
    admin: join(own, 'admin.json'),
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
