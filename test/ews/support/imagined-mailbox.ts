/** What an imagined server did, and the content of its mailbox: the facts from which responses are made, and with which verdicts are compared. */

/** What happened to a note that was handed over. */
export type Fate =
  | { readonly kind: 'sent' }
  /** Refused before it was sent. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly draft: boolean;
      readonly backOff?: number | undefined;
      readonly wrapped?: boolean | undefined;
    }
  /** Something was said that does not tell whether it was sent. */
  | { readonly kind: 'doubtful'; readonly responseClass: string; readonly code: string | undefined; readonly sent: boolean }
  /** Nothing was said of it. */
  | { readonly kind: 'unanswered'; readonly sent: boolean };

export type State = 'sent' | 'draft' | 'pending';

export interface ImaginedItem {
  readonly id: string;
  readonly tag: string;
  readonly state: State;
  folder: string;
}

/** How Conversation History is found. */
export type History = 'distinguished' | 'by-name' | 'absent';

const usual = ['drafts', 'outbox', 'sentitems', 'deleteditems', 'recoverableitemsdeletions', 'inbox', 'msgfolderroot'];
export const historyId = 'history-id';

export class ImaginedMailbox {
  readonly items: ImaginedItem[] = [];
  /** How often each tag was sent. */
  readonly sends = new Map<string, number>();
  readonly #folders: Set<string>;
  readonly #ofHistory: History;
  #count = 0;

  constructor(history: History) {
    this.#ofHistory = history;
    this.#folders = new Set(history === 'absent' ? usual : [...usual, historyId]);
  }

  /** The folder that a request refers to, if any. */
  folder(id: string, distinguished: boolean): string | undefined {
    if (!distinguished) return this.#folders.has(id) ? id : undefined;
    if (id === 'conversationhistory') return this.#ofHistory === 'distinguished' ? historyId : undefined;
    return this.#folders.has(id) ? id : undefined;
  }

  get history(): string | undefined {
    return this.#folders.has(historyId) ? historyId : undefined;
  }

  makeHistory(): void {
    this.#folders.add(historyId);
  }

  put(tag: string, folder: string, state: State): ImaginedItem {
    this.#count += 1;
    const item: ImaginedItem = { id: `AAMk${this.#count}=`, tag, folder, state };
    this.items.push(item);
    return item;
  }

  /** Sends a note, and keeps its copy. */
  send(tag: string, folder: string): void {
    this.sends.set(tag, (this.sends.get(tag) ?? 0) + 1);
    this.put(tag, folder, 'sent');
  }

  remove(id: string): boolean {
    const at = this.items.findIndex((item) => item.id === id);
    if (at >= 0) this.items.splice(at, 1);
    return at >= 0;
  }

  of(tag: string): readonly ImaginedItem[] {
    return this.items.filter((item) => item.tag === tag);
  }
}
