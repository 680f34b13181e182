import { checkArguments } from '../../../core/arguments.ts';
import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { contentOfMime } from '../mime/seed.ts';
import { mailboxArguments } from './arguments.ts';
import { ChangeLog } from './change-log.ts';
import { SimulatedFolder } from './folder.ts';
import { type ItemPlace, type MessageContent, placeAfter, SimulatedItem, withOwnAttachments } from './item.ts';
import type { ConversationHistory, DelegateOptions, MailboxOptions } from './mailbox-options.ts';
import { shownAsHistory, shownItems, showsInMissedConversations } from './message-class.ts';
import { type Arrival, arrivedAs, type ItemState } from './message-flags.ts';
import type { Registry } from './registry.ts';
import { readSeed, type SeedContent } from './seeding/content.ts';
import { updateOccurrence } from './series/occurrences.ts';
import { foldersNamed, type WellKnownFolder } from './well-known-folders.ts';

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
  /** Where it is; undefined: EWS and Graph both serve it. `exchange.moveMailbox()` changes it. */
  location: 'exchange-online' | 'on-premises' | undefined;
  /** While it moves, both doors turn away whoever asks for it. */
  moving = false;
  readonly delegates: ReadonlyMap<string, DelegateOptions>;
  readonly #registry: Registry;
  /** Brings back what it was made as. */
  readonly #asNew: () => void;
  /** What has happened in it, for those who synchronise. @internal */
  readonly changes: ChangeLog;
  /** Settings that clients have stored, as XML: automatic replies, user configurations. */
  readonly settings = new Map<string, string>();
  readonly #folders = new Map<string, SimulatedFolder>();
  readonly #distinguished = new Map<string, SimulatedFolder>();

  /** @internal */
  constructor(options: MailboxOptions, registry: Registry, history: ConversationHistory = 'distinguished') {
    checkArguments(SimulatedMailbox.prototype, 'mailbox', mailboxArguments);
    this.address = options.address.toLowerCase();
    this.name = options.name ?? options.address;
    this.password = options.password;
    this.userId = registry.newUserId();
    this.aliases = (options.aliases ?? []).map((alias) => alias.toLowerCase());
    this.location = options.location;
    const delegates = (options.delegates ?? []).map((d) => (typeof d === 'string' ? { address: d } : d));
    this.delegates = new Map(delegates.map((d) => [d.address.toLowerCase(), d]));
    this.#registry = registry;
    this.changes = new ChangeLog(registry);
    this.#makeFolders(history, foldersNamed(options.folderNames));
    this.#asNew = this.snapshot();
  }

  /** Every folder, parents first. */
  get folders(): readonly SimulatedFolder[] {
    return [...this.#folders.values()];
  }

  /** Returns a folder by distinguished name (`inbox`, `conversationhistory`, …) or display name. @throws {OfflineImError} `OPTION_INVALID` if there is none */
  folder(name: string): SimulatedFolder {
    const found = this.findFolder(name);
    if (found !== undefined) return found;
    throw new OfflineImError('OPTION_INVALID', `The mailbox ${this.address} has no folder "${name}".`);
  }

  /** The same; undefined if there is none. */
  findFolder(name: string): SimulatedFolder | undefined {
    const wanted = name.toLowerCase();
    return this.#distinguished.get(wanted) ?? this.folders.find((f) => f.displayName.toLowerCase() === wanted);
  }

  /** By distinguished name only. */
  distinguished(name: string): SimulatedFolder | undefined {
    return this.#distinguished.get(name);
  }

  /** Creates a folder below another; `folderClass` is `IPF.Note` by default. */
  createFolder(parent: SimulatedFolder, displayName: string, folderClass?: string): SimulatedFolder {
    const id = this.#registry.newFolderId();
    const folder = new SimulatedFolder({ id, mailbox: this.address, displayName, parent, folderClass });
    this.#keep(folder);
    this.changes.note('folder', 'created', folder.id, parent.id);
    return folder;
  }

  /**
   * Stores an item in a folder. Missing content gets defaults.
   * @throws {OfflineImError} `OPTION_INVALID` for content that no item can have; nothing is stored then
   *
   * @example
   * ```ts
   * exchange.mailbox('bob@contoso.test').store('inbox', { subject: 'Hi', from: { address: 'alice@contoso.test' } });
   * ```
   */
  store(
    folder: SimulatedFolder | string,
    content: SeedContent,
    state: ItemState | { readonly messageFlags: number } = 'received',
  ): SimulatedItem {
    const to = typeof folder === 'string' ? this.folder(folder) : folder;
    const { content: whole, ...place } = readSeed(content, state, this.address, this.#registry);
    return this.keep(to, whole, state, place);
  }

  /** The same with content that is whole already, such as what was read of a request. @internal */
  keep(to: SimulatedFolder, content: MessageContent, state: Arrival, place?: ReturnType<typeof arrivedAs>): SimulatedItem {
    const now = this.#registry.now();
    const item = this.#insert(to, content, { ...(place ?? arrivedAs(state, now)), createdAt: now, changedAt: now, revision: 0 });
    this.changes.note('item', 'created', item.id, to.id);
    if (state === 'received' && to.distinguished === 'inbox') this.changes.note('item', 'new-mail', item.id, to.id);
    return item;
  }

  /** Delivers a message to the Inbox, or where its rules move it, as if someone had sent it; `waitForMessage()` sees it. Otherwise as {@link store}. */
  receive(content: SeedContent = {}): SimulatedItem {
    return this.#registry.arrived(this.store('inbox', content));
  }

  /**
   * The same with a whole message, as in an `.eml` file: a string, taken as UTF-8, or bytes.
   * @throws {OfflineImError} `OPTION_INVALID` if it is not a message; nothing is stored then
   */
  async receiveMime(eml: string | Uint8Array): Promise<SimulatedItem> {
    return this.receive(await contentOfMime(eml));
  }

  /** Changes an item's content or flags: its next state has the same id and a new change key. */
  update(item: SimulatedItem, next: { readonly content?: MessageContent; readonly messageFlags?: number }): SimulatedItem {
    const folder = this.#folders.get(item.folderId);
    if (folder === undefined) return item;
    const { id, folderId } = item;
    if (item.series !== undefined) return updateOccurrence(this, this.#registry, item, next.content ?? item.content);
    const place = placeAfter(item, {
      folder: folder.label,
      messageFlags: next.messageFlags ?? item.messageFlags,
      changedAt: this.#registry.now(),
      revision: this.#registry.nextSeq(),
    });
    const changed = new SimulatedItem(place, next.content ?? item.content);
    folder.replace(item, changed);
    this.#registry.items.set(changed);
    this.changes.note('item', 'modified', id, folderId, { readOnly: next.content === undefined });
    return changed;
  }

  /** Moves an item as a user or a rule does: it gets a new id. An occurrence leaves its series. */
  move(item: SimulatedItem, to: SimulatedFolder | string): SimulatedItem {
    const folder = typeof to === 'string' ? this.folder(to) : to;
    if (item.series !== undefined) return updateOccurrence(this, this.#registry, item, 'deleted');
    this.#take(item);
    const moved = this.#again(item, folder, 'moved');
    this.#registry.moved(item, moved);
    return moved;
  }

  /** Copies an item, its attachments included. */
  copy(item: SimulatedItem, to: SimulatedFolder | string): SimulatedItem {
    return this.#again(item, typeof to === 'string' ? this.folder(to) : to, 'copied');
  }

  /** Gives every item a new id, as when the mailbox moves to another server. */
  renewIds(): void {
    for (const folder of this.folders) for (const item of folder.items) this.#registry.succeed(item, this.move(item, folder));
  }

  /** Deletes it for good. */
  remove(item: SimulatedItem): void {
    if (item.series !== undefined) return void updateOccurrence(this, this.#registry, item, 'deleted');
    if (this.#take(item)) this.changes.note('item', 'deleted', item.id, item.folderId);
  }

  /** Changes a folder's name or class. */
  updateFolder(folder: SimulatedFolder, next: { readonly displayName?: string; readonly folderClass?: string }): void {
    folder.displayName = next.displayName ?? folder.displayName;
    folder.folderClass = next.folderClass ?? folder.folderClass;
    folder.revision = this.#registry.nextSeq();
    this.changes.note('folder', 'modified', folder.id, folder.parent?.id ?? '');
  }

  /** Moves a folder with its contents; ids stay, as in Exchange. */
  moveFolder(folder: SimulatedFolder, to: SimulatedFolder): void {
    const from = folder.parent?.id ?? '';
    folder.detach();
    folder.parent = to;
    folder.revision = this.#registry.nextSeq();
    to.children.push(folder);
    this.changes.note('folder', 'moved', folder.id, to.id, { old: { id: folder.id, folderId: from } });
  }

  /** Copies a folder with its contents. */
  copyFolder(folder: SimulatedFolder, to: SimulatedFolder): SimulatedFolder {
    const [below, copy] = [[...folder.children], this.createFolder(to, folder.displayName, folder.folderClass)];
    for (const item of folder.items) this.copy(item, copy);
    for (const child of below) this.copyFolder(child, copy);
    return copy;
  }

  /** Deletes a folder with its contents. */
  removeFolder(folder: SimulatedFolder): void {
    for (const child of [...folder.children]) this.removeFolder(child);
    for (const item of folder.items) this.remove(item);
    folder.detach();
    this.#folders.delete(folder.id);
    this.#registry.folders.delete(folder.id);
    this.changes.note('folder', 'deleted', folder.id, folder.parent?.id ?? '');
  }

  /** Returns what Outlook's Missed Conversations folder shows: missed-conversation notes from within the organisation. */
  missedConversations(): readonly SimulatedItem[] {
    return shownItems(this.folders).filter((item) => !item.isFromMe && showsInMissedConversations(item.itemClass));
  }

  /** Returns what Outlook shows as conversation history: the items of that folder, and the conversation notes that arrived. */
  conversationHistory(): readonly SimulatedItem[] {
    return shownAsHistory(this.folders);
  }

  /** Remembers it with all that lies in it; the function returned brings that back, ids included. @internal */
  snapshot(): () => void {
    const { location, moving } = this;
    const folders = this.folders.map((folder) => [folder, folder.snapshot()] as const);
    const settings = [...this.settings];
    const changes = this.changes.snapshot(this.#registry.seq);
    return () => {
      Object.assign(this, { location, moving });
      for (const { id, items } of this.folders) {
        for (const item of items) this.#registry.items.delete(item);
        this.#registry.folders.delete(id);
      }
      this.#folders.clear();
      for (const [folder, restore] of folders) {
        restore();
        this.#keep(folder);
        for (const item of folder.values()) this.#registry.items.set(item);
      }
      this.settings.clear();
      for (const [name, setting] of settings) this.settings.set(name, setting);
      changes(this.#registry.nextSeq());
    };
  }

  /** Empties it and undoes moves; folders that clients created are removed, the default ones are as they were, ids included. */
  reset(): void {
    this.#asNew();
    this.changes.clear(this.#registry.nextSeq());
  }

  #take(item: SimulatedItem): boolean {
    this.#folders.get(item.folderId)?.remove(item);
    return this.#registry.items.delete(item);
  }

  #again(item: SimulatedItem, folder: SimulatedFolder, what: 'moved' | 'copied'): SimulatedItem {
    const { messageFlags, createdAt, receivedAt, revision } = item;
    const place = { messageFlags, createdAt, revision, changedAt: this.#registry.now() };
    const next = this.#insert(folder, item.content, receivedAt === undefined ? place : { ...place, receivedAt });
    this.changes.note('item', what, next.id, folder.id, { old: { id: item.id, folderId: item.folderId } });
    return next;
  }

  #insert(
    folder: SimulatedFolder,
    content: MessageContent,
    place: Omit<ItemPlace, 'id' | 'mailbox' | 'folder' | 'folderId' | 'uid'>,
  ): SimulatedItem {
    const uid = this.#registry.nextSeq();
    const where = { id: this.#registry.itemId(uid), mailbox: this.address, folder: folder.label, folderId: folder.id, uid };
    const own = withOwnAttachments(content, () => this.#registry.newAttachmentId());
    const item = new SimulatedItem({ ...place, ...where }, own);
    folder.insert(item);
    this.#registry.items.set(item);
    return item;
  }

  #keep(folder: SimulatedFolder): void {
    this.#folders.set(folder.id, folder);
    this.#registry.folders.set(folder.id, folder);
  }

  #makeFolders(history: ConversationHistory, folders: readonly WellKnownFolder[]): void {
    for (const { name, displayName, parent, folderClass } of folders) {
      if (name === 'conversationhistory' && history !== 'distinguished') {
        if (history === 'by-name') this.createFolder(this.folder('msgfolderroot'), displayName, folderClass);
        continue;
      }
      const id = this.#registry.newFolderId();
      const above = parent === undefined ? undefined : this.#distinguished.get(parent);
      const mailbox = this.address;
      const folder = new SimulatedFolder({ id, mailbox, displayName, distinguished: name, parent: above, folderClass });
      this.#keep(folder);
      this.#distinguished.set(name, folder);
    }
  }
}
