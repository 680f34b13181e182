import type { Clock } from '../../../core/clock.ts';
import type { SimulatedFolder } from './folder.ts';
import type { SimulatedItem } from './item.ts';

/** What all mailboxes of one simulator share: ids, items and folders by id, the clock. Ids are never used twice, not after a reset either. */
export class Registry {
  readonly clock: Clock;
  readonly items = new Map<string, SimulatedItem>();
  readonly folders = new Map<string, SimulatedFolder>();
  #last = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  newItemId(): string {
    return `AAMkAGItem${this.#next()}`;
  }

  newFolderId(): string {
    return `AAMkAGFolder${this.#next()}`;
  }

  newMessageId(domain: string): string {
    return `<${this.#next()}@${domain}>`;
  }

  now(): Date {
    return new Date(this.clock.now());
  }

  #next(): string {
    this.#last += 1;
    return this.#last.toString(16).padStart(10, '0');
  }
}
