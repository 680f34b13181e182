import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { SimulatedFolder } from './folder.ts';
import { type MessageContent, SimulatedItem } from './item.ts';
import { showsInConversationHistory, showsInMissedConversations } from './message-class.ts';
import { flagsOf, type ItemState } from './message-flags.ts';
import type { Registry } from './registry.ts';
import { wellKnownFolders } from './well-known-folders.ts';

/** A delegate and what they may do in the mailbox. */
export interface DelegateOptions {
  readonly address: string;
  /**
   * May send with this mailbox as From.
   * @default true
   */
  readonly sendAs?: boolean;
  /**
   * May read and write its folders.
   * @default true
   */
  readonly folders?: boolean;
}

/** A mailbox to simulate. */
export interface MailboxOptions {
  readonly address: string;
  readonly name?: string;
  /**
   * Required at its login from then on.
   * @default any password that is not empty
   */
  readonly password?: string;
  /**
   * Other addresses it gets mail under. Graph doesn't find a user by one.
   * @default none
   */
  readonly aliases?: readonly string[];
  /**
   * Where it lives. In Exchange Online EWS answers 403 unless the simulator is started with `ewsEnabled`; on-premises Graph
   * answers 404 `MailboxNotEnabledForRESTAPI`.
   * @default both doors serve it
   */
  readonly location?: 'exchange-online' | 'on-premises';
  /**
   * Who else may open it.
   * @default nobody
   */
  readonly delegates?: readonly (string | DelegateOptions)[];
}

/** How a server's Conversation History is found; see the profile. */
export type ConversationHistory = 'distinguished' | 'by-name' | 'absent';

/** Folders whose items a search folder of Outlook leaves out. */
const hidden: ReadonlySet<string> = new Set(['deleteditems', 'drafts', 'outbox', 'junkemail']);

/** A simulated mailbox. */
export class SimulatedMailbox {
  /** SMTP address, lower case. */
  readonly address: string;
  readonly name: string;
  readonly password: string | undefined;
  /** Object id in the directory, by which Graph knows the user too. */
  readonly userId: string;
  /** Other addresses of the mailbox, lower case. */
  readonly aliases: readonly string[];
  /** Where it lives; undefined: both doors serve it. `exchange.moveMailbox()` changes it. */
  location: 'exchange-online' | 'on-premises' | undefined;
  /** While it moves, both doors turn away whoever asks for it. */
  moving = false;
  readonly delegates: ReadonlyMap<string, DelegateOptions>;
  readonly #registry: Registry;
  readonly #firstLocation: SimulatedMailbox['location'];
  /** The folders it was made with: they survive a reset, ids included, so that a client may go on using those it has cached. */
  readonly #builtIn: ReadonlySet<SimulatedFolder>;
  readonly #folders = new Map<string, SimulatedFolder>();
  readonly #distinguished = new Map<string, SimulatedFolder>();

  constructor(options: MailboxOptions, registry: Registry, history: ConversationHistory = 'distinguished') {
    this.address = options.address.toLowerCase();
    this.name = options.name ?? options.address;
    this.password = options.password;
    this.userId = registry.newUserId();
    this.aliases = (options.aliases ?? []).map((alias) => alias.toLowerCase());
    this.location = options.location;
    this.#firstLocation = options.location;
    const delegates = (options.delegates ?? []).map((d) => (typeof d === 'string' ? { address: d } : d));
    this.delegates = new Map(delegates.map((d) => [d.address.toLowerCase(), d]));
    this.#registry = registry;
    this.#makeFolders(history);
    this.#builtIn = new Set(this.#folders.values());
  }

  /** Every folder, parents first. */
  get folders(): readonly SimulatedFolder[] {
    return [...this.#folders.values()];
  }

  /** A folder by distinguished name (`inbox`, `conversationhistory`, …) or display name; throws `OPTION_INVALID` when there is none. */
  folder(name: string): SimulatedFolder {
    const found = this.findFolder(name);
    if (found === undefined) throw new OfflineImError('OPTION_INVALID', `The mailbox ${this.address} has no folder "${name}".`);
    return found;
  }

  /** The same, undefined when there is none. */
  findFolder(name: string): SimulatedFolder | undefined {
    const distinguished = this.#distinguished.get(name.toLowerCase());
    return distinguished ?? this.folders.find((f) => f.displayName.toLowerCase() === name.toLowerCase());
  }

  /** By distinguished name only. */
  distinguished(name: string): SimulatedFolder | undefined {
    return this.#distinguished.get(name);
  }

  createFolder(parent: SimulatedFolder, displayName: string, folderClass?: string): SimulatedFolder {
    const id = this.#registry.newFolderId();
    const options = { id, mailbox: this.address, displayName, parent };
    const folder = new SimulatedFolder(folderClass === undefined ? options : { ...options, folderClass });
    this.#keep(folder);
    return folder;
  }

  /** Puts a message into a folder. */
  store(folder: SimulatedFolder, content: MessageContent, state: ItemState | { readonly messageFlags: number }): SimulatedItem {
    const messageFlags = typeof state === 'string' ? flagsOf(state) : state.messageFlags;
    const now = this.#registry.now();
    const place = {
      id: this.#registry.newItemId(),
      mailbox: this.address,
      folder: folder.label,
      folderId: folder.id,
      messageFlags,
      createdAt: now,
    };
    const item = new SimulatedItem(state === 'received' ? { ...place, receivedAt: now } : place, content);
    folder.insert(item);
    this.#registry.items.set(item.id, item);
    return item;
  }

  /** Moves an item as a user or a rule does: it gets a new id. */
  move(item: SimulatedItem, to: SimulatedFolder | string): SimulatedItem {
    const folder = typeof to === 'string' ? this.folder(to) : to;
    this.remove(item);
    const { messageFlags, createdAt, receivedAt } = item;
    const id = this.#registry.newItemId();
    const place = { id, mailbox: this.address, folder: folder.label, folderId: folder.id, messageFlags, createdAt };
    const moved = new SimulatedItem(receivedAt === undefined ? place : { ...place, receivedAt }, item.content);
    folder.insert(moved);
    this.#registry.items.set(moved.id, moved);
    return moved;
  }

  /** Gives an item other message flags. Its id stays. */
  reflag(item: SimulatedItem, messageFlags: number): SimulatedItem {
    const { id, folder, folderId, createdAt, receivedAt } = item;
    const place = { id, mailbox: this.address, folder, folderId, messageFlags, createdAt };
    const changed = new SimulatedItem(receivedAt === undefined ? place : { ...place, receivedAt }, item.content);
    this.remove(item);
    this.#folders.get(folderId)?.insert(changed);
    this.#registry.items.set(id, changed);
    return changed;
  }

  /** Every item gets a new id, as when the mailbox moves to another server. */
  renewIds(): void {
    for (const folder of this.folders) {
      for (const item of folder.items) this.#registry.succeed(item, this.move(item, folder));
    }
  }

  /** Deletes it for good. */
  remove(item: SimulatedItem): void {
    this.#folders.get(item.folderId)?.remove(item);
    this.#registry.items.delete(item.id);
  }

  /** What Outlook's Missed Conversations folder shows: missed-conversation notes that came from the own organisation. */
  missedConversations(): readonly SimulatedItem[] {
    return this.#shown((item) => !item.isFromMe && showsInMissedConversations(item.itemClass));
  }

  /** What Outlook shows as conversation history: what lies in that folder, and the conversation notes that arrived. */
  conversationHistory(): readonly SimulatedItem[] {
    const history = this.findFolder('Conversation History')?.id;
    return this.#shown((item) => item.folderId === history || (!item.isFromMe && showsInConversationHistory(item.itemClass)));
  }

  /** Empties it and moves it back; folders that clients made are gone. */
  reset(): void {
    this.location = this.#firstLocation;
    this.moving = false;
    for (const folder of this.folders) {
      for (const item of folder.items) this.remove(item);
      folder.readable = true;
      folder.children.splice(0, folder.children.length, ...folder.children.filter((f) => this.#builtIn.has(f)));
      if (this.#builtIn.has(folder)) continue;
      this.#folders.delete(folder.id);
      this.#registry.folders.delete(folder.id);
    }
  }

  #keep(folder: SimulatedFolder): void {
    this.#folders.set(folder.id, folder);
    this.#registry.folders.set(folder.id, folder);
  }

  #shown(wanted: (item: SimulatedItem) => boolean): readonly SimulatedItem[] {
    return this.folders
      .filter((f) => !hidden.has(f.label) && !f.label.startsWith('recoverableitems'))
      .flatMap((f) => f.items.filter((item) => !item.isDraft && wanted(item)));
  }

  #makeFolders(history: ConversationHistory): void {
    for (const { name, displayName, parent, folderClass } of wellKnownFolders) {
      if (name === 'conversationhistory' && history !== 'distinguished') continue;
      const id = this.#registry.newFolderId();
      const above = parent === undefined ? undefined : this.#distinguished.get(parent);
      const folder = new SimulatedFolder({
        id,
        mailbox: this.address,
        displayName,
        distinguished: name,
        ...(above === undefined ? {} : { parent: above }),
        ...(folderClass === undefined ? {} : { folderClass }),
      });
      this.#keep(folder);
      this.#distinguished.set(name, folder);
    }
    if (history === 'by-name') this.createFolder(this.folder('msgfolderroot'), 'Conversation History');
  }
}
