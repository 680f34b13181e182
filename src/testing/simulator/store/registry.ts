import type { Clock } from '../../../core/clock.ts';
import type { Subscription } from './change-log.ts';
import type { SimulatedFolder } from './folder.ts';
import { allAttachments, type SimulatedItem } from './item.ts';

/** What all mailboxes of one simulator share: ids, items and folders by id, the clock. Ids are never used twice, not after a reset either. */
export class Registry {
  readonly clock: Clock;
  readonly items = new ItemsById();
  /** Told of every message that a test lets arrive; says where it lies then. */
  arrived: (item: SimulatedItem) => SimulatedItem = (item) => item;
  readonly folders = new Map<string, SimulatedFolder>();
  /** What items became under another id when their mailbox moved. */
  readonly #successors = new Map<string, SimulatedItem>();
  /** Of items that were moved: the id that each had first, and the one it has now. */
  readonly #origins = new Map<string, string>();
  readonly #movedTo = new Map<string, string>();
  readonly subscriptions = new Map<string, Subscription>();
  #last = 0;
  #seq = 0;
  #now = new Date(0);
  /** Called at each change, whatever changed. */
  readonly #watchers = new Set<() => void>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The item as it lies now, whatever its mailbox went through; undefined once it was deleted or moved to another folder. */
  latest(item: SimulatedItem): SimulatedItem | undefined {
    let now = item;
    for (let next = this.#successors.get(now.id); next !== undefined; next = this.#successors.get(now.id)) now = next;
    return this.items.get(now.id);
  }

  /** From now on that item is this one. */
  succeed(item: SimulatedItem, successor: SimulatedItem): void {
    this.#successors.set(item.id, successor);
  }

  /** From now on the item is that one, in another folder of its mailbox. */
  moved(from: SimulatedItem, to: SimulatedItem): void {
    const origin = this.#origins.get(from.id) ?? from.id;
    this.#origins.set(to.id, origin);
    this.#movedTo.set(origin, to.id);
  }

  /** An id that stays the same when the item is moved; in another form than ids that don't. */
  immutableIdOf({ id }: Pick<SimulatedItem, 'id'>): string {
    return (this.#origins.get(id) ?? id).replace(itemPrefix, immutablePrefix);
  }

  /** The item with that id of either form. */
  itemOf(id: string): SimulatedItem | undefined {
    if (!id.startsWith(immutablePrefix)) return this.items.get(id);
    const origin = id.replace(immutablePrefix, itemPrefix);
    return this.items.get(this.#movedTo.get(origin) ?? origin);
  }

  /** The id of an item with that number. */
  itemId(uid: number): string {
    return `${itemPrefix}${uid.toString(16).padStart(10, '0')}`;
  }

  /** Of the form of a GUID. */
  newUserId(): string {
    return `00000000-0000-4000-8000-${this.#next().padStart(12, '0')}`;
  }

  newFolderId(): string {
    return `AAMkAGFolder${this.#next()}`;
  }

  newMessageId(domain: string): string {
    return `<${this.#next()}@${domain}>`;
  }

  newSubscriptionId(): string {
    return `AgAAA${this.#next()}`;
  }

  newAttachmentId(): string {
    return `AAMkAGAttachment${this.#next()}`;
  }

  /** The number of the next change or item: one row for the whole simulator. */
  nextSeq(): number {
    this.#seq += 1;
    if (this.#watchers.size > 0) for (const watcher of this.#watchers) watcher();
    return this.#seq;
  }

  /** Calls at each change from now on; what it returns ends that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Remembers which items became which; the function returned brings that back. */
  snapshot(): () => void {
    const [successors, origins, movedTo] = [[...this.#successors], [...this.#origins], [...this.#movedTo]];
    return () => {
      this.forgetSuccessors();
      for (const [id, item] of successors) this.#successors.set(id, item);
      for (const [id, origin] of origins) this.#origins.set(id, origin);
      for (const [origin, id] of movedTo) this.#movedTo.set(origin, id);
    };
  }

  /** Forgets which items became which. */
  forgetSuccessors(): void {
    this.#successors.clear();
    this.#origins.clear();
    this.#movedTo.clear();
  }

  /** The number of the last change. */
  get seq(): number {
    return this.#seq;
  }

  /** One object for each ms: most of what a large mailbox would hold of dates are the same. */
  now(): Date {
    const now = this.clock.now();
    if (this.#now.getTime() !== now) this.#now = new Date(now);
    return this.#now;
  }

  #next(): string {
    this.#last += 1;
    return this.#last.toString(16).padStart(10, '0');
  }
}

const itemPrefix = 'AAMkAGItem';
const immutablePrefix = 'AAkALgItem';

/** Items by id, and by the ids of their attachments. An id is its item's number in other words: numbers are found in half the time. */
class ItemsById {
  readonly #byNumber = new Map<number, SimulatedItem>();
  readonly #byAttachment = new Map<string, string>();

  get(id: string): SimulatedItem | undefined {
    const found = id.startsWith(itemPrefix) ? this.#byNumber.get(Number.parseInt(id.slice(itemPrefix.length), 16)) : undefined;
    return found?.id === id ? found : undefined;
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  values(): Iterable<SimulatedItem> {
    return this.#byNumber.values();
  }

  /** Puts the item, or its next state, where its id leads. */
  set(item: SimulatedItem): void {
    const { attachments } = item.content;
    if (attachments !== undefined)
      for (const { id: attached } of allAttachments(attachments)) this.#byAttachment.set(attached, item.id);
    this.#byNumber.set(item.uid, item);
  }

  /** Whether it was there. */
  delete(item: SimulatedItem): boolean {
    const { attachments } = this.#byNumber.get(item.uid)?.content ?? {};
    for (const attachment of attachments === undefined ? [] : allAttachments(attachments)) {
      if (this.#byAttachment.get(attachment.id) === item.id) this.#byAttachment.delete(attachment.id);
    }
    return this.#byNumber.delete(item.uid);
  }

  /** The item an attachment hangs on. */
  withAttachment(id: string): SimulatedItem | undefined {
    const hangs = (item: SimulatedItem | undefined): boolean =>
      [...allAttachments(item?.attachments ?? [])].some((one) => one.id === id);
    const known = this.get(this.#byAttachment.get(id) ?? '');
    if (hangs(known)) return known;
    const found = [...this.values()].find(hangs);
    if (found !== undefined) this.#byAttachment.set(id, found.id);
    return found;
  }
}
