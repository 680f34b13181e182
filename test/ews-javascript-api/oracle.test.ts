/** ews-javascript-api as an oracle: for the same note it writes the same CreateItem as this library. */

import { ExchangeService, ExchangeVersion, Uri, WebCredentials } from 'ews-javascript-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basicAuth } from '../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../src/ews/ews-transport.ts';
import { soapNs } from '../../src/ews/xml/namespaces.ts';
import { child, parseXml, type XmlElement } from '../../src/ews/xml/read.ts';
import type { Mailbox, Note } from '../../src/transport/contract.ts';
import { anyText } from '../ews/support/any-text.ts';
import { always, makeNote } from '../ews/support/harness.ts';
import { validateBody } from '../support/ews-schema.ts';
import { lendNode24WhatTheLibraryNeeds, libraryCreateItem } from './support/library-item.ts';

const url = 'http://127.0.0.1:9/EWS/Exchange.asmx';
let takeBack = (): void => {};
beforeAll(() => {
  takeBack = lendNode24WhatTheLibraryNeeds();
});
afterAll(() => takeBack());

function libraryService(): ExchangeService {
  const service = new ExchangeService(ExchangeVersion.Exchange2013_SP1);
  service.Url = new Uri(url);
  service.Credentials = new WebCredentials('alice@contoso.test', 'p');
  return service;
}

/** The first request that our transport sends for these notes. */
async function ourCreateItem(notes: readonly Note[]): Promise<string> {
  const written: string[] = [];
  const transport = new EwsTransport({
    url,
    credentials: basicAuth({ username: 'alice@contoso.test', password: 'p' }),
    fetch: async (_, init) => {
      written.push(String(init?.body));
      return new Response(null, { status: 503 });
    },
  });
  await transport.deliver(notes, always());
  return written[0] ?? '';
}

type Infoset = readonly [name: string, attributes: Readonly<Record<string, string>>, content: readonly Infoset[] | string];

/** Names with namespaces instead of prefixes, attributes in any order. An element has text or children, never both. */
function infoset({ ns, name, attributes, children, text }: XmlElement): Infoset {
  return [`{${ns}}${name}`, Object.fromEntries(attributes), children.length > 0 ? children.map(infoset) : text];
}

/**
 * The content of header and body. The only differences allowed are those outside the infoset: the prefix of the SOAP namespace,
 * an extra namespace declaration, `<a/>` for `<a></a>`, and the XML declaration.
 */
function requestOf(xml: string): readonly (Infoset | undefined)[] {
  const root = parseXml(xml);
  return ['Header', 'Body'].map((name) => {
    const part = child(root, soapNs, name);
    return part && infoset(part);
  });
}

async function expectSame(notes: readonly Note[]): Promise<void> {
  const theirs = libraryCreateItem(libraryService(), notes);
  expect(validateBody(theirs)).toEqual([]);
  expect(requestOf(await ourCreateItem(notes))).toEqual(requestOf(theirs));
}

/** The library omits the element, or throws, for an empty text; ours is never empty there. */
const someText = anyText.map((text) => `x${text}`);
const anyMailbox: fc.Arbitrary<Mailbox> = fc
  .record({ address: someText, name: fc.option(someText, { nil: undefined }) })
  .map(({ address, name }) => (name === undefined ? { address } : { address, name }));

const transport = new EwsTransport({ url, credentials: basicAuth({ username: 'a', password: 'p' }) });

describe('CreateItem', () => {
  it('writes a plain note as the library does', () => expectSame([makeNote(transport, 0)]));

  it('writes fifty notes as the library does', () => expectSame(Array.from({ length: 50 }, (_, n) => makeNote(transport, n))));

  it.each(['conversationhistory', 'sentitems', 'id:AAMk+/=="<&>'])(
    'writes a note with its copy in %s as the library does',
    (folder) => expectSame([makeNote(transport, 0, { place: { endpoint: url, mailbox: 'alice@contoso.test', folder } })]),
  );

  it('writes any note as the library does', async () => {
    const anyNote = fc.record({
      messageClass: someText,
      subject: someText,
      body: fc.record({ type: fc.constantFrom('text' as const, 'html' as const), content: someText }),
      tag: someText,
      from: anyMailbox,
      to: fc.array(anyMailbox, { minLength: 1, maxLength: 4, size: 'max' }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyNote, { minLength: 1, maxLength: 3 }), async (parts) => {
        const place = { endpoint: url, mailbox: 'alice@contoso.test', folder: 'conversationhistory' };
        await expectSame(parts.map((fields, n) => makeNote(transport, n, { ...fields, place })));
      }),
      { numRuns: 200 },
    );
  });
});
