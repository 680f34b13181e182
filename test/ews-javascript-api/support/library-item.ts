/**
 * The same note as ews-javascript-api writes it: its own classes, setter by setter. It escapes nothing, so each text is escaped
 * before it is set; and its extended properties call a function that Node 24 no longer has.
 */
import util from 'node:util';
import {
  BodyType,
  EmailAddress,
  EmailMessage,
  type ExchangeService,
  ExtendedPropertyDefinition,
  FolderId,
  Guid,
  Mailbox as LibraryMailbox,
  MapiPropertyType,
  MessageBody,
  MessageDisposition,
  WellKnownFolderName,
} from 'ews-javascript-api';
import { escapeAttribute, escapeText } from '../../../src/ews/xml/write.ts';
import type { Mailbox, Note } from '../../../src/transport/contract.ts';

const tag = { set: 'b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147', name: 'OfflineImTag' };

/** For tests only: the function that the library expects in Node. Returns a function that removes it. */
export function lendNode24WhatTheLibraryNeeds(): () => void {
  const target = util as { isNullOrUndefined?: (value: unknown) => boolean };
  if (target.isNullOrUndefined !== undefined) return () => {};
  target.isNullOrUndefined = (value) => value === null || value === undefined;
  return () => {
    delete target.isNullOrUndefined;
  };
}

/** The request that the library would send for these notes; nothing is sent. */
export function libraryCreateItem(service: ExchangeService, notes: readonly Note[]): string {
  let written = '';
  const previous = service.XHRApi;
  service.XHRApi = {
    apiName: 'capture',
    xhr: (request: { data?: string }) => {
      written = request.data ?? '';
      return new Promise<never>(() => {});
    },
  } as unknown as ExchangeService['XHRApi'];
  const [first] = notes;
  const folder = first === undefined ? '' : first.place.folder;
  const folderId = folder.startsWith('id:')
    ? new FolderId(escapeAttribute(folder.slice(3)))
    : new FolderId(distinguished(folder), new LibraryMailbox(escapeText(first?.place.mailbox ?? '')));
  const items = notes.map((note) => libraryItem(service, note));
  void service.CreateItems(items, folderId, MessageDisposition.SendAndSaveCopy, null as never);
  service.XHRApi = previous;
  return written;
}

function distinguished(folder: string): WellKnownFolderName {
  return folder === 'sentitems' ? WellKnownFolderName.SentItems : WellKnownFolderName.ConversationHistory;
}

function libraryItem(service: ExchangeService, note: Note): EmailMessage {
  const item = new EmailMessage(service);
  item.ItemClass = escapeText(note.messageClass);
  item.Subject = escapeText(note.subject);
  item.Body = new MessageBody(note.body.type === 'html' ? BodyType.HTML : BodyType.Text, escapeText(note.body.content));
  const property = new ExtendedPropertyDefinition(new Guid(tag.set), tag.name, MapiPropertyType.String);
  item.SetExtendedProperty(property, escapeText(note.tag));
  for (const recipient of note.to) item.ToRecipients.Add(addressOf(recipient));
  item.From = addressOf(note.from);
  return item;
}

function addressOf({ name, address }: Mailbox): EmailAddress {
  return name === undefined ? new EmailAddress(escapeText(address)) : new EmailAddress(escapeText(name), escapeText(address));
}
