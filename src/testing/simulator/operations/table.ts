import { createItem } from './create-item.ts';
import { deleteItem } from './delete-item.ts';
import { findItem } from './find-item.ts';
import { createFolder, findFolder, getFolder } from './folders.ts';
import { getItem } from './get-item.ts';
import type { Operation } from './operation.ts';
import type { OperationName } from './operation-names.ts';
import { sendItem } from './send-item.ts';

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
