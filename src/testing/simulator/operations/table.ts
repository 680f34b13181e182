import { createFolder, findFolder, getFolder } from './folders/folders.ts';
import { createItem } from './items/create-item.ts';
import { deleteItem } from './items/delete-item.ts';
import { findItem } from './items/find-item.ts';
import { getItem } from './items/get-item.ts';
import { sendItem } from './items/send-item.ts';
import type { Operation } from './operation.ts';

/** Every operation by the name of its element: the one row that a new operation takes beside its file. */
const table = {
  CreateItem: createItem,
  SendItem: sendItem,
  FindItem: findItem,
  GetItem: getItem,
  DeleteItem: deleteItem,
  GetFolder: getFolder,
  FindFolder: findFolder,
  CreateFolder: createFolder,
} satisfies Readonly<Record<string, Operation>>;

/** An EWS operation that the simulator knows. */
export type OperationName = keyof typeof table;

/** What carries out each operation. */
export const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>(Object.entries(table));
