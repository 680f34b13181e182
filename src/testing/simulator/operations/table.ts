import { createFolder, findFolder, getFolder } from './folders/folders.ts';
import { createItem } from './items/create-item.ts';
import { deleteItem } from './items/delete-item.ts';
import { findItem } from './items/find-item.ts';
import { getItem } from './items/get-item.ts';
import { sendItem } from './items/send-item.ts';
import type { Operation } from './operation.ts';
import type { OperationName } from './operation-names.ts';

/** Every operation by the name of its element. */
export const operations: Readonly<Record<OperationName, Operation>> = {
  CreateItem: createItem,
  SendItem: sendItem,
  FindItem: findItem,
  GetItem: getItem,
  DeleteItem: deleteItem,
  GetFolder: getFolder,
  FindFolder: findFolder,
  CreateFolder: createFolder,
};
