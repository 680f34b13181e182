/** "Absent" permits a resend, so no response that shows a match, or may be incomplete, is ever taken for it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Note, ProbeResult } from '../../../src/transport/contract.ts';
import { numbersOfRow } from '../../support/security-page.ts';
import { always, useHarness } from '../support/harness.ts';
import { envelope, foundFolders } from '../support/responses.ts';
import type { Answer } from '../support/server.ts';

const h = useHarness();
const guid = 'b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147';
const tag = 'note-0/1';
const old = '2016-06-14T11:00:00.1234567Z';
const date = 'Tue, 14 Jun 2016 12:00:00 GMT';
const nothingInView = 'TotalItemsInView="0" IncludesLastItemInRange="true"';
const empty = root('TotalItemsInView="0" IncludesLastItemInRange="true"', '<ty:Items/>');
const one = 'TotalItemsInView="1" IncludesLastItemInRange="true"';
const tagged = (value = tag): string =>
  `<ty:ExtendedProperty><ty:ExtendedFieldURI PropertySetId="${guid}" PropertyName="OfflineImTag" PropertyType="String"/><ty:Value>${value}</ty:Value></ty:ExtendedProperty>`;
const flags = (value: number | string): string =>
  `<ty:ExtendedProperty><ty:ExtendedFieldURI PropertyTag="0xe07" PropertyType="Integer"/><ty:Value>${value}</ty:Value></ty:ExtendedProperty>`;

function root(attributes: string, content: string): string {
  return `<me:RootFolder ${attributes}>${content}</me:RootFolder>`;
}

function item(content: string, element = 'Item'): string {
  return `<ty:Items><ty:${element}><ty:ItemId Id="A" ChangeKey="k"/>${content}</ty:${element}></ty:Items>`;
}

function success(content: string): string {
  return `<me:FindItemResponseMessage ResponseClass="Success"><me:ResponseCode>NoError</me:ResponseCode>${content}</me:FindItemResponseMessage>`;
}

/** Answers every search: this message for Sent Items if a tag of `about` is searched for, nothing otherwise. */
function server(sentItems: string, about: readonly string[] = [tag]): void {
  h.server.handler = ({ operation, body }): Answer => {
    if (operation === 'FindFolder') return { body: foundFolders() };
    if (operation === 'DeleteItem') throw new Error('nothing may be deleted');
    const folders = [...body.matchAll(/DistinguishedFolderId Id="(\w+)"/g)].map(([, name]) => name);
    const hit = about.some((one) => body.includes(`Value="${one}"`));
    const messages = folders.map((name) => (name === 'sentitems' && hit ? sentItems : success(empty))).join('');
    return {
      headers: { date },
      body: envelope(`<me:FindItemResponse><me:ResponseMessages>${messages}</me:ResponseMessages></me:FindItemResponse>`),
    };
  };
}

async function probe(count = 1): Promise<readonly ProbeResult[]> {
  const transport = h.transport({ savedCopyFolder: 'sentitems' });
  const notes = Array.from({ length: count }, (_, n): Note => {
    const note = h.note(transport, n);
    return { ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] };
  });
  return transport.probe(notes, always());
}

const unknown: readonly (readonly [string, string])[] = [
  ['an item without the property', success(root(one, item('')))],
  ['an item with an empty property', success(root(one, item(tagged(''))))],
  ['an item with two tags', success(root(one, item(tagged() + tagged('note-9/9'))))],
  ['an item whose tag is cut off', success(root(one, item(tagged('note-0'))))],
  ['an item whose tag came back in other case', success(root(one, item(tagged('NOTE-0/1'))))],
  ['more matches than items', success(root('TotalItemsInView="9" IncludesLastItemInRange="true"', '<ty:Items/>'))],
  ['fewer matches than items', success(root('TotalItemsInView="0" IncludesLastItemInRange="true"', item(tagged('x/1'))))],
  ['an invalid number of matches', success(root('TotalItemsInView="many" IncludesLastItemInRange="true"', '<ty:Items/>'))],
  ...['false', '0', 'False', 'FALSE', ' 0 ', 'no', ''].map(
    (spelling) =>
      [
        `IncludesLastItemInRange="${spelling}"`,
        success(root(`TotalItemsInView="0" IncludesLastItemInRange="${spelling}"`, '<ty:Items/>')),
      ] as const,
  ),
  ['neither attribute', success(root('', '<ty:Items/>'))],
  ['a next page that begins further on', success(root('IndexedPagingOffset="1" IncludesLastItemInRange="true"', '<ty:Items/>'))],
  ['a next page that begins nowhere', success(root('IndexedPagingOffset="x" IncludesLastItemInRange="true"', '<ty:Items/>'))],
  [
    'a fraction of more than is here',
    success(root('NumeratorOffset="0" AbsoluteDenominator="3" IncludesLastItemInRange="true"', '<ty:Items/>')),
  ],
  ['no RootFolder', success('')],
  ['two RootFolders', success(empty + empty)],
  ['no Items', success(root(one, ''))],
  ['no Items, and nothing in view', success(root('TotalItemsInView="0" IncludesLastItemInRange="true"', ''))],
  ['Items of another namespace', success(root('TotalItemsInView="0" IncludesLastItemInRange="true"', '<me:Items/>'))],
  [
    'groups in the place of items',
    success(
      root(one, `<ty:Groups><ty:GroupedItems><ty:GroupIndex>x</ty:GroupIndex>${item(tagged())}</ty:GroupedItems></ty:Groups>`),
    ),
  ],
  [
    'groups beside items',
    success(root('TotalItemsInView="0" IncludesLastItemInRange="true"', `<ty:Items/><ty:Groups><ty:GroupedItems/></ty:Groups>`)),
  ],
  ['a warning', success(empty).replace('"Success"', '"Warning"')],
  ['success and an error code', success(empty).replace('NoError', 'ErrorFolderNotFound')],
  [
    'an error that shows a match',
    success(root(one, item(tagged())))
      .replace('"Success"', '"Error"')
      .replace('NoError', 'ErrorFolderNotFound'),
  ],
  ['a fraction that goes on further', success(root('NumeratorOffset="7" IncludesLastItemInRange="true"', '<ty:Items/>'))],
  [
    'IncludesLastItemInRange in other letters',
    success(root('TotalItemsInView="0" includesLastItemInRange="false"', '<ty:Items/>')),
  ],
  [
    'IncludesLastItemInRange twice, in other letters',
    success(root('IncludesLastItemInRange="true" INCLUDESLASTITEMINRANGE="false"', '<ty:Items/>')),
  ],
  ['a match in a second RootFolder of another namespace', success(empty + root(one, item(tagged())).replaceAll('me:', 'ty:'))],
  ['a match beside the RootFolder', success(empty + item(tagged()))],
  ['a match before the RootFolder', success(item(tagged()) + empty)],
  ['a match in the code of the answer', success(empty).replace('NoError<', `NoError${item(tagged())}<`)],
  ['a match as text, in the list', success(root(nothingInView, `<ty:Items><![CDATA[${item(tagged())}]]></ty:Items>`))],
  ['a match as text, beside the list', success(root(nothingInView, `<ty:Items/><![CDATA[${item(tagged())}]]>`))],
  ['a match as text, beside the RootFolder', success(`${empty}<![CDATA[${item(tagged())}]]>`)],
  [
    'an error with a match beside it',
    success(item(tagged())).replace('"Success"', '"Error"').replace('NoError', 'ErrorFolderNotFound'),
  ],
  ['the message of another operation', success(empty).replaceAll('FindItem', 'GetItem')],
];

const created = `<ty:DateTimeCreated>${old}</ty:DateTimeCreated>`;
const contradicting: readonly (readonly [string, string])[] = [
  ['sent by the flags, a draft by IsDraft', `<ty:IsDraft>true</ty:IsDraft>${created}${tagged()}${flags(1)}`],
  ['a draft by the flags, sent by IsDraft', `<ty:IsDraft>0</ty:IsDraft>${created}${tagged()}${flags(9)}`],
  ['flags that differ', created + tagged() + flags(9) + flags(1)],
  ['flags that are no number', created + tagged() + flags('unsent')],
  ['IsDraft that is no boolean', `<ty:IsDraft>perhaps</ty:IsDraft>${created}${tagged()}`],
];

describe('never absent', () => {
  it('covers as many responses as docs/security.md says', () => {
    expect(numbersOfRow('Searches whose answer').tried).toEqual([unknown.length + found.length + contradicting.length]);
  });

  it.each(unknown)('%s: unknown', async (_, answer) => {
    server(answer);
    expect((await probe())[0]?.status).toBe('unknown');
  });

  const found: readonly (readonly [string, string])[] = [
    ['the tag with white space around it', success(root(one, item(tagged(`\n   ${tag}\t `) + flags(1))))],
    [
      'the GUID in braces, the name in other case',
      success(root(one, item((tagged() + flags(1)).replace(guid, `{${guid.toUpperCase()}}`).replace('Tag"', 'TAG"')))),
    ],
    [
      'a list of one value',
      success(
        root(
          one,
          item(tagged().replace(/<ty:Value>.*<\/ty:Value>/, `<ty:Values><ty:Value>${tag}</ty:Value></ty:Values>`) + flags(1)),
        ),
      ),
    ],
    ['an item without an id', success(root(one, item(tagged() + flags(1)).replace(/<ty:ItemId[^>]*>/, '')))],
    [
      'a copy in an answer that is not all',
      success(root('TotalItemsInView="9" IncludesLastItemInRange="false"', item(tagged() + flags(1)))),
    ],
    ['an empty list of groups beside it', success(root(one, `${item(tagged() + flags(3))}<ty:Groups/>`))],
    ['no response code', success(root(one, item(tagged() + flags(1)))).replace(/<me:ResponseCode>.*<\/me:ResponseCode>/, '')],
  ];
  it.each(found)('%s: found', async (_, answer) => {
    server(answer);
    expect(await probe()).toEqual([{ status: 'found' }]);
  });
});

describe('search terms that a server may list unasked', () => {
  const terms = (inside: string): string => `${empty}<me:HighlightTerms>${inside}</me:HighlightTerms>`;
  const term = '<ty:Term><ty:Scope>Subject</ty:Scope><ty:Value>x</ty:Value></ty:Term>';

  it.each([
    ['none', ''],
    ['some', term + term],
  ])('%s: a missing item is absent', async (_, inside) => {
    server(success(terms(inside)));
    expect(await probe()).toEqual([{ status: 'absent' }]);
  });

  it.each([
    ['among them', item(tagged())],
    ['within one', `<ty:Term><ty:Scope>${item(tagged())}</ty:Scope></ty:Term>`],
    ['in the place of one', `<ty:Message><ty:ItemId Id="A"/><ty:Subject>${tag}</ty:Subject></ty:Message>`],
  ])('a match %s is not ignored', async (_, inside) => {
    server(success(terms(term + inside)));
    expect((await probe())[0]?.status).toBe('unknown');
  });
});

describe('a match anywhere in a response', () => {
  /** Ways in which intermediaries have been seen to change XML; the tag stays readable somewhere. */
  const changes = ['rename', 'namespace', 'wrap', 'before', 'after', 'text'] as const;
  const names = ['FindItemResponseMessage', 'RootFolder', 'Items', 'Message', 'ExtendedProperty', 'Value'] as const;

  function change(xml: string, how: (typeof changes)[number], name: (typeof names)[number]): string {
    const at = new RegExp(`<(\\w\\w):${name}([ >].*)</\\1:${name}>`, 's');
    return xml.replace(at, (whole: string, prefix: string, inner: string) => {
      const open = /^[^>]*/.exec(inner)?.[0] ?? '';
      const bare = `<${prefix}:${name}${open}/>`;
      switch (how) {
        case 'rename':
          return `<${prefix}:${name}s${inner}</${prefix}:${name}s>`;
        case 'namespace':
          return `<x:${name} xmlns:x="urn:x"${inner}</x:${name}>`;
        case 'wrap':
          return `<${prefix}:Wrapped>${whole}</${prefix}:Wrapped>`;
        case 'before':
          return bare + whole;
        case 'after':
          return whole + bare;
        case 'text':
          return `<${prefix}:${name}${open}><![CDATA[${inner.slice(open.length + 1).replaceAll(/<!\[CDATA\[|\]\]>/g, '')}]]></${prefix}:${name}>`;
      }
    });
  }

  it('is never absent, whatever one or two changes were made in transit', async () => {
    const attributes = [nothingInView, one, 'IncludesLastItemInRange="true"', 'TotalItemsInView="0"'];
    const step = fc.tuple(fc.constantFrom(...changes), fc.constantFrom(...names));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...attributes), fc.array(step, { minLength: 1, maxLength: 2 }), async (said, steps) => {
        const whole = success(root(said, item(tagged() + flags(1), 'Message')));
        const changed = steps.reduce((xml, [how, name]) => change(xml, how, name), whole);
        expect(changed).toContain(tag);
        // Beside it an empty one, as from a server that answers for a folder twice.
        for (const answer of [changed, changed.replace('<me:ResponseCode>', `${empty}<me:ResponseCode>`)]) {
          server(answer);
          expect(['found', 'unknown']).toContain((await probe())[0]?.status);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('absent', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['nothing in view', success(empty)],
    ['an empty list of groups', success(root('TotalItemsInView="0" IncludesLastItemInRange="1"', '<ty:Items/><ty:Groups/>'))],
    [
      'a next page that begins here',
      success(root('IndexedPagingOffset="0" TotalItemsInView="0" IncludesLastItemInRange="true"', '<ty:Items/>')),
    ],
    [
      'a text and a link key',
      success(`<me:MessageText>Nothing.</me:MessageText><me:DescriptiveLinkKey>0</me:DescriptiveLinkKey>${empty}`),
    ],
    ['empty highlights', success(`${empty}<me:HighlightTerms/>`)],
    ['without TotalItemsInView', success(root('IncludesLastItemInRange="true"', '<ty:Items/>'))],
    ['without IncludesLastItemInRange', success(root('TotalItemsInView="0"', '<ty:Items/>'))],
    ['without a response code', success(empty).replace(/<me:ResponseCode>.*<\/me:ResponseCode>/, '')],
    ['items of other attempts only', success(root(one, item(tagged('note-7/1') + flags(1))))],
  ];
  it.each(rows)('%s', async (_, answer) => {
    server(answer);
    expect(await probe()).toEqual([{ status: 'absent' }]);
  });
});

describe('with contradicting flags a note is unknown, and nothing is deleted', () => {
  it.each(contradicting)('%s', async (_, content) => {
    server(success(root(one, item(content, 'Message'))));
    expect((await probe())[0]?.status).toBe('unknown');
  });
});

describe('one odd item', () => {
  it('leaves only its own note unknown, with few requests', async () => {
    server(success(root(one, item(''))), ['note-17/1']);
    const results = await probe(50);
    expect(results.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, (_, n) => (n === 17 ? 'unknown' : 'absent')));
    expect(h.server.requests.length).toBeLessThan(40);
  });
});
