/** What one would write by hand: strings, fetch, and fast-xml-parser. It sends and reads the very same bytes. */
import { XMLParser } from 'fast-xml-parser';
import type { Pool } from 'undici';
import type { Mailbox, Note } from '../../src/transport/contract.ts';
import { type Contender, mailbox, password } from './contender.ts';

const types = 'http://schemas.microsoft.com/exchange/services/2006/types';
const messages = 'http://schemas.microsoft.com/exchange/services/2006/messages';
const head =
  `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:t="${types}" xmlns:m="${messages}">` +
  '<s:Header><t:RequestServerVersion Version="Exchange2013_SP1"/></s:Header><s:Body><m:CreateItem MessageDisposition="SendAndSaveCopy">' +
  `<m:SavedItemFolderId><t:DistinguishedFolderId Id="conversationhistory"><t:Mailbox><t:EmailAddress>${mailbox}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId></m:SavedItemFolderId><m:Items>`;
const tail = '</m:Items></m:CreateItem></s:Body></s:Envelope>';
const tag =
  '<t:ExtendedFieldURI PropertySetId="b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147" PropertyName="OfflineImTag" PropertyType="String"/>';

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function mailboxXml({ name = '', address }: Mailbox): string {
  return `<t:Mailbox><t:Name>${escaped(name)}</t:Name><t:EmailAddress>${escaped(address)}</t:EmailAddress></t:Mailbox>`;
}

/** The request for these notes. */
export function bareRequest(notes: readonly Note[]): string {
  let xml = head;
  for (const note of notes) {
    xml +=
      `<t:Message><t:ItemClass>${escaped(note.messageClass)}</t:ItemClass><t:Subject>${escaped(note.subject)}</t:Subject>` +
      `<t:Body BodyType="Text">${escaped(note.body.content)}</t:Body>` +
      `<t:ExtendedProperty>${tag}<t:Value>${escaped(note.tag)}</t:Value></t:ExtendedProperty>` +
      `<t:ToRecipients>${note.to.map(mailboxXml).join('')}</t:ToRecipients><t:From>${mailboxXml(note.from)}</t:From></t:Message>`;
  }
  return xml + tail;
}

interface Parsed {
  readonly Envelope: {
    readonly Body: {
      readonly CreateItemResponse: {
        readonly ResponseMessages: { readonly CreateItemResponseMessage: readonly { readonly ResponseCode: string }[] };
      };
    };
  };
}

type Post = (headers: Readonly<Record<string, string>>, body: string) => Promise<string>;

export function bare(url: string): Contender {
  return byHand('fetch + fast-xml-parser', async (headers, body) => {
    const response = await fetch(url, { method: 'POST', headers, body });
    return response.text();
  });
}

/** The same over a Pool of undici, without fetch. */
export function bareOver(pool: Pool, url: string): Contender {
  const { pathname } = new URL(url);
  return byHand('undici Pool + fast-xml-parser', async (headers, body) => {
    const response = await pool.request({ path: pathname, method: 'POST', headers, body });
    return response.body.text();
  });
}

function byHand(name: string, post: Post): Contender {
  const parser = new XMLParser({
    ignoreAttributes: false,
    removeNSPrefix: true,
    parseTagValue: false,
    isArray: (name) => name === 'CreateItemResponseMessage',
  });
  const headers = {
    'content-type': 'text/xml; charset=utf-8',
    accept: 'text/xml',
    authorization: `Basic ${btoa(`${mailbox}:${password}`)}`,
  };
  return {
    name,
    send: async (notes) => {
      const ids = { 'client-request-id': crypto.randomUUID(), 'return-client-request-id': 'true' };
      const parsed = parser.parse(await post({ ...headers, ...ids }, bareRequest(notes))) as Parsed;
      const answers = parsed.Envelope.Body.CreateItemResponse.ResponseMessages.CreateItemResponseMessage;
      if (answers.filter(({ ResponseCode }) => ResponseCode === 'NoError').length !== notes.length)
        throw new Error('not accepted');
    },
  };
}
