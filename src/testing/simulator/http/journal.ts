/** One request, as the server saw it. */
export interface JournalEntry {
  /** 1 for the first since the start or `reset()`. */
  readonly number: number;
  /** When it arrived, by the exchange's clock. */
  readonly at: Date;
  /** `CreateItem`, …; the element's name for others, '' if the request could not be read. */
  readonly operation: string;
  /** Address of the request below the server's root, with its query. */
  readonly path: string;
  readonly clientRequestId: string | undefined;
  /** The acting mailbox; undefined without a login. */
  readonly mailbox: string | undefined;
  /** Items (or ids, or folders) in the request. */
  readonly itemCount: number;
  /** How it ended: a response, a reset connection, or silence. */
  readonly outcome: 'answered' | 'reset' | 'silence';
  /** HTTP status; undefined without a response. */
  readonly status: number | undefined;
  /** Code of the SOAP fault, or of the first response message that is not a success, or `NoError`. */
  readonly responseCode: string | undefined;
  /** All codes of the response messages, in order. */
  readonly responseCodes: readonly string[];
  /** Kind of the fault that it got. */
  readonly fault: string | undefined;
  /** What the simulator could not do, in a sentence; undefined if it could. */
  readonly problem: string | undefined;
  /** Raw bodies, cut at `bodyLimit`, and gone ('') from entries that are too old. */
  readonly requestBody: string;
  readonly responseBody: string;
}

/** How much a journal remembers. */
export interface JournalOptions {
  /**
   * Entries; the oldest go first.
   * @default 20000
   */
  readonly entries?: number;
  /**
   * Characters of a body.
   * @default 524288
   */
  readonly bodyLimit?: number;
  /**
   * Characters of all bodies together; the oldest bodies are dropped first.
   * @default 33554432
   */
  readonly totalBodies?: number;
}

type Draft = Omit<JournalEntry, 'number'>;

/** Keeps what was asked and answered, within bounds. */
export class Journal {
  readonly #entries: JournalEntry[] = [];
  readonly #limits: Required<JournalOptions>;
  readonly #listeners = new Set<(entry: JournalEntry | undefined) => void>();
  #number = 0;
  #kept = 0;
  #firstWithBody = 0;

  constructor(options: JournalOptions = {}) {
    this.#limits = { entries: 20_000, bodyLimit: 512 * 1024, totalBodies: 32 * 1024 * 1024, ...options };
  }

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  record(draft: Draft): JournalEntry {
    this.#number += 1;
    const entry = {
      ...draft,
      number: this.#number,
      requestBody: this.#cut(draft.requestBody),
      responseBody: this.#cut(draft.responseBody),
    };
    this.#entries.push(entry);
    this.#kept += sizeOf(entry);
    this.#dropOld();
    for (const listener of this.#listeners) listener(entry);
    return entry;
  }

  /** Calls with each entry from now on, and without one when it became another journal; what it returns ends that. */
  listen(listener: (entry: JournalEntry | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Remembers what is kept; the function returned brings that back. */
  snapshot(): () => void {
    const [entries, number, kept, firstWithBody] = [[...this.#entries], this.#number, this.#kept, this.#firstWithBody];
    return () => {
      this.#empty();
      for (const entry of entries) this.#entries.push(entry);
      this.#number = number;
      this.#kept = kept;
      this.#firstWithBody = firstWithBody;
      this.#replaced();
    };
  }

  clear(): void {
    this.#empty();
    this.#replaced();
  }

  #replaced(): void {
    for (const listener of this.#listeners) listener(undefined);
  }

  #empty(): void {
    this.#entries.length = 0;
    this.#number = 0;
    this.#kept = 0;
    this.#firstWithBody = 0;
  }

  #dropOld(): void {
    while (this.#kept > this.#limits.totalBodies && this.#firstWithBody < this.#entries.length) {
      const entry = this.#entries[this.#firstWithBody];
      if (entry !== undefined) {
        this.#kept -= sizeOf(entry);
        this.#entries[this.#firstWithBody] = { ...entry, requestBody: '', responseBody: '' };
      }
      this.#firstWithBody += 1;
    }
    // In blocks: dropping one at a time would move the whole list at every request.
    const excess = this.#entries.length - this.#limits.entries;
    if (excess <= this.#limits.entries / 10) return;
    for (const entry of this.#entries.splice(0, excess)) this.#kept -= sizeOf(entry);
    this.#firstWithBody = Math.max(0, this.#firstWithBody - excess);
  }

  #cut(body: string): string {
    return body.length <= this.#limits.bodyLimit ? body : body.slice(0, this.#limits.bodyLimit);
  }
}

const sizeOf = (entry: JournalEntry): number => entry.requestBody.length + entry.responseBody.length;
