import { checkArguments } from '../../../core/arguments.ts';
import { folderArguments } from './arguments.ts';
import { type ExtendedProperty, keyOfPath } from './extended-property.ts';
import { SimulatedItem } from './item.ts';

/** What a folder is made of. */
export interface FolderOptions {
  readonly id: string;
  readonly mailbox: string;
  readonly displayName: string;
  readonly distinguished?: string;
  readonly parent?: SimulatedFolder | undefined;
  readonly folderClass?: string | undefined;
}

/** A folder of a simulated mailbox. Items are kept by their number, and found by the value of any extended property without a scan. */
export class SimulatedFolder {
  readonly id: string;
  readonly mailbox: string;
  displayName: string;
  /** `inbox`, `conversationhistory`, …; undefined for folders that a client made. */
  readonly distinguished: string | undefined;
  parent: SimulatedFolder | undefined;
  folderClass: string;
  /** When something in it changed last. */
  lastChange = new Date(0);
  /** Number of the item that came last. */
  lastUid = 0;
  /** How many items have left it. */
  deletedCount = 0;
  /** A number that is another one after each change of its properties. */
  revision = 0;
  /** What a client has set as its permissions, as XML; undefined: those of a new folder. @internal */
  permissions: string | undefined;
  /** Extended properties that a client has set on it. */
  readonly properties: ExtendedProperty[] = [];
  readonly children: SimulatedFolder[] = [];
  /**
   * False makes every request for this folder answer `ErrorAccessDenied`.
   * @default true
   */
  readable = true;
  /** By their numbers, which every later state of an item has too. */
  readonly #items = new Map<number, SimulatedItem>();
  readonly #byProperty = new Map<string, SimulatedItem | Set<SimulatedItem>>();
  #unread = 0;
  #bytes = 0;

  /** @internal */
  constructor(options: FolderOptions) {
    checkArguments(SimulatedFolder.prototype, 'folder', folderArguments);
    this.id = options.id;
    this.mailbox = options.mailbox;
    this.displayName = options.displayName;
    this.distinguished = options.distinguished;
    this.parent = options.parent;
    this.folderClass = options.folderClass ?? 'IPF.Note';
    options.parent?.children.push(this);
  }

  /** What items say they lie in. */
  get label(): string {
    return this.distinguished ?? this.displayName;
  }

  /** The items, oldest first. */
  get items(): readonly SimulatedItem[] {
    return [...this.#items.values()];
  }

  /** Its change key: another one after each change. */
  get changeKey(): string {
    return `AQAAAA${this.revision.toString(16).padStart(2, '0')}`;
  }

  /** Size of its items, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many of its items are unread. */
  get unread(): number {
    return this.#unread;
  }

  get size(): number {
    return this.#items.size;
  }

  /** The items without copying them. */
  values(): Iterable<SimulatedItem> {
    return this.#items.values();
  }

  /** Items that carry that value in that property, without regard to case, as the store compares. */
  withProperty(key: string, value: string): Iterable<SimulatedItem> {
    const found = this.#byProperty.get(indexKey(key, value)) ?? [];
    return found instanceof SimulatedItem ? [found] : found;
  }

  /** Puts an item into it; `mailbox.store()` makes one first. */
  insert(item: SimulatedItem): void {
    this.#items.set(item.uid, item);
    if (!item.isRead) this.#unread += 1;
    this.#bytes += item.size;
    this.lastUid = Math.max(this.lastUid, item.uid);
    this.lastChange = item.changedAt;
    for (const property of item.properties) {
      if (typeof property.value !== 'string') continue;
      const key = indexKey(keyOfPath(property.path), property.value);
      const found = this.#byProperty.get(key);
      if (found === undefined) this.#byProperty.set(key, item);
      else if (found instanceof SimulatedItem) this.#byProperty.set(key, new Set([found, item]));
      else found.add(item);
    }
  }

  /** Takes it out of its parent. */
  detach(): void {
    const siblings = this.parent?.children ?? [];
    siblings.splice(siblings.indexOf(this), 1);
  }

  /** Puts the next state of an item in the place of the one it had. */
  replace(item: SimulatedItem, next: SimulatedItem): void {
    if (this.#items.get(item.uid) !== item) return;
    this.#forget(item);
    this.insert(next); // the same number: it keeps its place in the order
  }

  /** Takes an item out of it, for good. */
  remove(item: SimulatedItem): void {
    if (!this.#items.delete(item.uid)) return;
    this.deletedCount += 1;
    this.#forget(item);
  }

  #forget(item: SimulatedItem): void {
    if (!item.isRead) this.#unread -= 1;
    this.#bytes -= item.size;
    for (const property of item.properties) {
      if (typeof property.value !== 'string') continue;
      const key = indexKey(keyOfPath(property.path), property.value);
      const found = this.#byProperty.get(key);
      if (found === undefined || found instanceof SimulatedItem) {
        if (found === item) this.#byProperty.delete(key);
        continue;
      }
      found.delete(item);
      if (found.size === 0) this.#byProperty.delete(key);
    }
  }

  /** Remembers what it is and what lies in it; the function returned brings that back. @internal */
  snapshot(): () => void {
    const { displayName, parent, folderClass, lastChange, lastUid, deletedCount, revision, readable, permissions, items } = this;
    const [properties, children] = [[...this.properties], [...this.children]];
    return () => {
      this.clear();
      for (const item of items) this.insert(item);
      Object.assign(this, {
        displayName,
        parent,
        folderClass,
        lastChange,
        lastUid,
        deletedCount,
        revision,
        readable,
        permissions,
      });
      this.properties.splice(0, Infinity, ...properties);
      this.children.splice(0, Infinity, ...children);
    };
  }

  /** Takes every item out of it. */
  clear(): void {
    this.#items.clear();
    this.#unread = 0;
    this.#bytes = 0;
    this.#byProperty.clear();
  }
}

const indexKey = (property: string, value: string): string => `${property}\n${value.toLowerCase()}`;
