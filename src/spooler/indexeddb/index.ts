export type { IndexedDbSpoolOptions } from './indexeddb-spool.ts';
export { IndexedDbSpool } from './indexeddb-spool.ts';
export type {
  IdbDatabase,
  IdbFactory,
  IdbOpenRequest,
  IdbRequest,
  IdbStore,
  IdbTransaction,
  WebError,
  WebEvent,
  WebEventTarget,
  WebLocks,
} from './web-types.ts';
