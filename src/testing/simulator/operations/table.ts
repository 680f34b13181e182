import { getServerTimeZones, getUserAvailability } from './directory/availability.ts';
import { convertId } from './directory/convert-id.ts';
import { addDelegate, getDelegate, removeDelegate, updateDelegate } from './directory/delegates.ts';
import { getInboxRules, updateInboxRules } from './directory/inbox-rules.ts';
import { getMailTips, getRoomLists, getUserPhoto } from './directory/mail-tips.ts';
import { expandDl, resolveNames } from './directory/resolve-names.ts';
import {
  createUserConfiguration,
  deleteUserConfiguration,
  getUserConfiguration,
  getUserOofSettings,
  setUserOofSettings,
  updateUserConfiguration,
} from './directory/settings.ts';
import { copyFolder, createFolderPath, deleteFolder, emptyFolder, moveFolder, updateFolder } from './folders/change-folders.ts';
import { createFolder, findFolder, getFolder } from './folders/folders.ts';
import { createAttachment, deleteAttachment, getAttachment } from './items/attachments.ts';
import { createItem } from './items/create-item.ts';
import { deleteItem } from './items/delete-item.ts';
import { findConversation } from './items/find-conversation.ts';
import { findItem } from './items/find-item.ts';
import { getItem } from './items/get-item.ts';
import { archiveItem, copyItem, markAllItemsAsRead, markAsJunk, moveItem } from './items/move-item.ts';
import { sendItem } from './items/send-item.ts';
import { updateItem } from './items/update-item.ts';
import type { Operation } from './operation.ts';
import { getStreamingEvents } from './sync/streaming.ts';
import { getEvents, subscribe, unsubscribe } from './sync/subscriptions.ts';
import { syncFolderHierarchy } from './sync/sync-folder-hierarchy.ts';
import { syncFolderItems } from './sync/sync-folder-items.ts';

/** The operations that are simulated, by name: a new one is a row here and a file. */
export const operations: Readonly<Record<string, Operation>> = {
  CreateItem: createItem,
  SendItem: sendItem,
  FindItem: findItem,
  GetItem: getItem,
  UpdateItem: updateItem,
  CopyItem: copyItem,
  MoveItem: moveItem,
  DeleteItem: deleteItem,
  MarkAllItemsAsRead: markAllItemsAsRead,
  MarkAsJunk: markAsJunk,
  ArchiveItem: archiveItem,
  CreateAttachment: createAttachment,
  GetAttachment: getAttachment,
  DeleteAttachment: deleteAttachment,
  FindConversation: findConversation,
  GetFolder: getFolder,
  FindFolder: findFolder,
  CreateFolder: createFolder,
  CreateFolderPath: createFolderPath,
  UpdateFolder: updateFolder,
  MoveFolder: moveFolder,
  CopyFolder: copyFolder,
  EmptyFolder: emptyFolder,
  DeleteFolder: deleteFolder,
  SyncFolderHierarchy: syncFolderHierarchy,
  SyncFolderItems: syncFolderItems,
  Subscribe: subscribe,
  Unsubscribe: unsubscribe,
  GetEvents: getEvents,
  GetStreamingEvents: getStreamingEvents,
  ResolveNames: resolveNames,
  ExpandDL: expandDl,
  ConvertId: convertId,
  GetUserAvailability: getUserAvailability,
  GetServerTimeZones: getServerTimeZones,
  GetUserOofSettings: getUserOofSettings,
  SetUserOofSettings: setUserOofSettings,
  GetUserConfiguration: getUserConfiguration,
  CreateUserConfiguration: createUserConfiguration,
  UpdateUserConfiguration: updateUserConfiguration,
  DeleteUserConfiguration: deleteUserConfiguration,
  GetInboxRules: getInboxRules,
  UpdateInboxRules: updateInboxRules,
  GetDelegate: getDelegate,
  AddDelegate: addDelegate,
  UpdateDelegate: updateDelegate,
  RemoveDelegate: removeDelegate,
  GetMailTips: getMailTips,
  GetRoomLists: getRoomLists,
  GetUserPhoto: getUserPhoto,
};
