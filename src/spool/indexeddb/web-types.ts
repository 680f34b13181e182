/**
 * The little of IndexedDB and Web Locks that is used here, as types of our own: this library compiles without the DOM's
 * types, and a stand-in fulfils them as the browser's own objects do.
 */

/** An event, as far as it matters here. */
export interface WebEvent {
  preventDefault(): void;
  /** Of `upgradeneeded`, in Chromium: `total` when it has deleted a database that it found damaged. */
  readonly dataLoss?: unknown;
  readonly dataLossMessage?: unknown;
}

/** Something that events happen to. */
export interface WebEventTarget {
  addEventListener(type: string, listener: (event: WebEvent) => void): void;
}

/** A `DOMException`, or anything else that has a name. */
export interface WebError {
  readonly name: string;
  readonly message: string;
}

/** An `IDBRequest`. */
export interface IdbRequest<Result> extends WebEventTarget {
  readonly result: Result;
  readonly error: WebError | null;
}

/** An `IDBOpenDBRequest`. */
export interface IdbOpenRequest extends IdbRequest<IdbDatabase> {
  readonly transaction: IdbTransaction | null;
}

/** An `IDBObjectStore`. */
export interface IdbStore {
  get(key: string): IdbRequest<unknown>;
  getAll(): IdbRequest<readonly unknown[]>;
  getAllKeys(): IdbRequest<readonly unknown[]>;
  put(value: unknown, key: string): IdbRequest<unknown>;
  delete(key: string): IdbRequest<unknown>;
}

/** An `IDBTransaction`. */
export interface IdbTransaction extends WebEventTarget {
  readonly error: WebError | null;
  objectStore(name: string): IdbStore;
  abort(): void;
}

/** An `IDBDatabase`. */
export interface IdbDatabase extends WebEventTarget {
  readonly objectStoreNames: { contains(name: string): boolean };
  createObjectStore(name: string): unknown;
  transaction(
    stores: string[],
    mode: 'readonly' | 'readwrite',
    options?: { readonly durability?: 'default' | 'strict' | 'relaxed' },
  ): IdbTransaction;
  close(): void;
}

/** An `IDBFactory`: `globalThis.indexedDB`. */
export interface IdbFactory {
  open(name: string, version?: number): IdbOpenRequest;
}

/** A `LockManager`: `navigator.locks`. */
export interface WebLocks {
  request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    callback: (lock: object | null) => Promise<void>,
  ): Promise<unknown>;
}

/** Returns what the browser has of these; in an insecure context it has no locks. */
export function browserHas(): { readonly indexedDB?: IdbFactory | undefined; readonly locks?: WebLocks | undefined } {
  const { indexedDB, navigator } = globalThis as unknown as {
    readonly indexedDB?: IdbFactory;
    readonly navigator?: { readonly locks?: WebLocks };
  };
  return { indexedDB, locks: navigator?.locks };
}
