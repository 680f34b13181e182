export type {
  IdbDatabase,
  IdbFactory,
  IdbOpenRequest,
  IdbRequest,
  IdbStore,
  IdbTransaction,
  IndexedDbSpoolOptions,
  WebError,
  WebEvent,
  WebEventTarget,
  WebLocks,
} from './spooler/indexeddb/index.ts';
export { IndexedDbSpool } from './spooler/indexeddb/index.ts';
