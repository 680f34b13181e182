import type { GraphOperationName } from '../routes.ts';
import { createAttachment, deleteAttachment, getAttachment, getAttachmentContent, listAttachments } from './attachments.ts';
import { deltaMailFolders, deltaMessages } from './delta.ts';
import { createMessage, sendMessage, updateMessage } from './drafts.ts';
import {
  createMailFolder,
  deleteMailFolder,
  getMailFolder,
  listMailFolders,
  transferMailFolder,
  updateMailFolder,
} from './folders.ts';
import {
  copyMessage,
  countMessages,
  deleteMessage,
  getMessage,
  getMessageContent,
  listMessages,
  moveMessage,
  permanentDeleteMessage,
} from './messages.ts';
import type { GraphAnswer, GraphContext } from './operation.ts';
import { createResponse, respond } from './respond.ts';
import { sendMail } from './send-mail.ts';
import { getUser } from './users.ts';

/** What answers each operation of a mailbox. A batch is what the door itself takes apart; lists of users belong to nobody. */
export const operations: Readonly<
  Record<Exclude<GraphOperationName, 'batch' | 'listUsers' | 'countUsers'>, (context: GraphContext) => GraphAnswer>
> = {
  getUser,
  sendMail,
  listMessages,
  countMessages,
  deltaMessages,
  getMessage,
  getMessageContent,
  createMessage,
  updateMessage,
  sendMessage,
  moveMessage,
  copyMessage,
  deleteMessage,
  permanentDeleteMessage,
  reply: respond('reply'),
  replyAll: respond('reply-all'),
  forward: respond('forward'),
  createReply: createResponse('reply'),
  createReplyAll: createResponse('reply-all'),
  createForward: createResponse('forward'),
  listAttachments,
  getAttachment,
  getAttachmentContent,
  createAttachment,
  deleteAttachment,
  listMailFolders,
  deltaMailFolders,
  getMailFolder,
  createMailFolder,
  updateMailFolder,
  deleteMailFolder,
  moveMailFolder: transferMailFolder('move'),
  copyMailFolder: transferMailFolder('copy'),
};
