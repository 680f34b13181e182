import { keyOfPath } from './extended-property.ts';
import type { SimulatedItem } from './item.ts';

/** What a folder is made of. */
export interface FolderOptions {
  readonly id: string;
  readonly mailbox: string;
  readonly displayName: string;
  readonly distinguished?: string;
  readonly parent?: SimulatedFolder;
  readonly folderClass?: string;
}

/** A folder of a simulated mailbox. Items are kept by id, and found by the value of any extended property without a scan. */
export class SimulatedFolder {
  readonly id: string;
  readonly mailbox: string;
  readonly displayName: string;
  /** `inbox`, `conversationhistory`, …; undefined for folders that a client made. */
  readonly distinguished: string | undefined;
  readonly parent: SimulatedFolder | undefined;
  readonly folderClass: string;
  readonly children: SimulatedFolder[] = [];
  /**
   * False makes every request for this folder answer `ErrorAccessDenied`.
   * @default true
   */
  readable = true;
  readonly #items = new Map<string, SimulatedItem>();
  readonly #byProperty = new Map<string, Set<SimulatedItem>>();

  constructor(options: FolderOptions) {
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

  get size(): number {
    return this.#items.size;
  }

  /** The items without copying them. */
  values(): Iterable<SimulatedItem> {
    return this.#items.values();
  }

  /** Items that carry that value in that property, without regard to case, as the store compares. */
  withProperty(key: string, value: string): Iterable<SimulatedItem> {
    return this.#byProperty.get(indexKey(key, value)) ?? [];
  }

  insert(item: SimulatedItem): void {
    this.#items.set(item.id, item);
    for (const property of item.properties) {
      if (typeof property.value !== 'string') continue;
      const key = indexKey(keyOfPath(property.path), property.value);
      const set = this.#byProperty.get(key);
      if (set === undefined) this.#byProperty.set(key, new Set([item]));
      else set.add(item);
    }
  }

  remove(item: SimulatedItem): void {
    if (!this.#items.delete(item.id)) return;
    for (const property of item.properties) {
      if (typeof property.value !== 'string') continue;
      const key = indexKey(keyOfPath(property.path), property.value);
      const set = this.#byProperty.get(key);
      set?.delete(item);
      if (set?.size === 0) this.#byProperty.delete(key);
    }
  }

  clear(): void {
    this.#items.clear();
    this.#byProperty.clear();
  }
}

const indexKey = (property: string, value: string): string => `${property}\n${value.toLowerCase()}`;
