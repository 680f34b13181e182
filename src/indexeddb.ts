export type { IndexedDbSpoolOptions } from './spool/indexeddb/indexeddb-spool.ts';
export { IndexedDbSpool } from './spool/indexeddb/indexeddb-spool.ts';
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
} from './spool/indexeddb/web-types.ts';
