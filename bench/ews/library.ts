/** ews-javascript-api's own CreateItems, on its own XHR. */
import util from 'node:util';
import {
  BodyType,
  EmailAddress,
  EmailMessage,
  ExchangeService,
  ExchangeVersion,
  ExtendedPropertyDefinition,
  FolderId,
  Guid,
  Mailbox,
  MapiPropertyType,
  MessageBody,
  MessageDisposition,
  ServiceResult,
  Uri,
  WebCredentials,
  WellKnownFolderName,
} from 'ews-javascript-api';
import { escapeText } from '../../src/ews/xml/write.ts';
import type { Note } from '../../src/transport/contract.ts';
import { type Contender, mailbox, password } from './contender.ts';

// It asks Node 24 for what that has no more.
Object.assign(util, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });

export function library(url: string): Contender {
  const service = new ExchangeService(ExchangeVersion.Exchange2013_SP1);
  service.Url = new Uri(url);
  service.Credentials = new WebCredentials(mailbox, password);
  const folder = new FolderId(WellKnownFolderName.ConversationHistory, new Mailbox(mailbox));
  const tag = new ExtendedPropertyDefinition(
    new Guid('b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147'),
    'OfflineImTag',
    MapiPropertyType.String,
  );
  const itemOf = (note: Note): EmailMessage => {
    const item = new EmailMessage(service);
    item.ItemClass = note.messageClass;
    item.Subject = escapeText(note.subject);
    item.Body = new MessageBody(BodyType.Text, escapeText(note.body.content));
    item.SetExtendedProperty(tag, note.tag);
    for (const { name = '', address } of note.to) item.ToRecipients.Add(new EmailAddress(escapeText(name), address));
    item.From = new EmailAddress(note.from.name ?? '', note.from.address);
    return item;
  };
  return {
    name: 'ews-javascript-api',
    send: async (notes) => {
      const responses = await service.CreateItems(notes.map(itemOf), folder, MessageDisposition.SendAndSaveCopy, null as never);
      const accepted = responses.Responses.filter(({ Result }) => Result === ServiceResult.Success).length;
      if (accepted !== notes.length) throw new Error('not accepted');
    },
  };
}
