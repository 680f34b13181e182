/**
 * Everything that the schema makes optional is left out of the server's responses, one part at a time: the transport never claims
 * anything false about sent notes, and no note waits forever without a reason.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Omission } from '../../src/testing.ts';
import { optionalParts, optionalPartsKnown } from '../support/optional-parts.ts';
import { check, closeScene } from './support/bent-scene.ts';

/** Microsoft's schema does not cover faults; this is what SOAP 1.1 and other servers leave out of them. */
const ofFaults: readonly Omission[] = [
  'Envelope/Header',
  'Header/ServerVersionInfo',
  'Fault/faultstring',
  'Fault/detail',
  'detail/ResponseCode',
  'detail/Message',
  'detail/MessageXml',
];

/** For the responses used by {@link check}; used if the schema is not available, and compared with it if it is. */
const ofAnswers: readonly string[] = [
  'CreateFolderResponseMessage/Folders',
  'CreateFolderResponseMessage/ResponseCode',
  'CreateItemResponseMessage/DescriptiveLinkKey',
  'CreateItemResponseMessage/MessageText',
  'CreateItemResponseMessage/MessageXml',
  'CreateItemResponseMessage/ResponseCode',
  'DeleteItemResponseMessage/ResponseCode',
  'ExtendedFieldURI/@PropertyName',
  'ExtendedFieldURI/@PropertySetId',
  'ExtendedFieldURI/@PropertyTag',
  'FindFolderResponseMessage/ResponseCode',
  'FindFolderResponseMessage/RootFolder',
  'FindItemResponseMessage/ResponseCode',
  'FindItemResponseMessage/RootFolder',
  'Folder/DisplayName',
  'Folder/FolderClass',
  'Folder/FolderId',
  'FolderId/@ChangeKey',
  'Folders/Folder',
  'GetFolderResponseMessage/Folders',
  'GetFolderResponseMessage/ResponseCode',
  'Item/DateTimeCreated',
  'Item/ExtendedProperty',
  'Item/IsDraft',
  'Item/ItemId',
  'ItemId/@ChangeKey',
  'Items/Item',
  'RootFolder/@IncludesLastItemInRange',
  'RootFolder/@IndexedPagingOffset',
  'RootFolder/@TotalItemsInView',
  'RootFolder/Folders',
];

afterEach(closeScene);

/** From the schema itself if available: the optional parts of the responses in the scenes. */
async function fromSchema(): Promise<readonly string[]> {
  const bodies = (await check({})).journal.map(({ responseBody }) => responseBody).filter((body) => body.startsWith('<?xml'));
  return [...new Set(bodies.flatMap(optionalParts))].sort();
}

const parts = optionalPartsKnown ? await fromSchema() : ofAnswers;

describe('a response without', () => {
  it.each([...parts, ...ofFaults])('%s', async (part) => {
    await check({ omits: [part as Omission] });
  });

  it('two of these at once', async () => {
    const some = fc.constantFrom(...parts, ...ofFaults) as fc.Arbitrary<Omission>;
    await fc.assert(
      fc.asyncProperty(some, some, async (one, other) => {
        await check({ omits: [one, other] });
      }),
      { numRuns: 12 },
    );
  });

  it('RootFolder, if nothing matches', async () => {
    await check({ omits: ['FindFolderResponseMessage/RootFolder:empty'] });
  });
});

it.skipIf(!optionalPartsKnown)('the built-in list matches the schema', () => {
  expect(parts).toEqual(ofAnswers);
});
