import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../../ews/xml/read.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { isTrue } from '../../xml/written-element.ts';
import { resolveFolder, resolveItem } from '../ids.ts';
import { answerEach, type Operation, type OperationContext } from '../operation.ts';
import { contactsIn, type DirectoryEntry, directory, entryAt, membersOf, writeContact, writeEntry } from './entries.ts';

/** Resolutions of one answer at most. */
const most = 100;

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/resolvenames-operation: in the directory, in contacts, or in both. */
export const resolveNames: Operation = {
  count: () => 1,
  run(request, context) {
    const entry = textOf(request, messagesNs, 'UnresolvedEntry') ?? '';
    const found = searched(request, context).filter((one) => matches(one, entry));
    if (found.length === 0) {
      return answerEach([entry], context, '', () => {
        throw new EwsItemError('ErrorNameResolutionNoResults', 'No results were found.');
      });
    }
    const shown = found.slice(0, most);
    const whole = isTrue(request.attributes.get('ReturnFullContactData'));
    const shape = request.attributes.get('ContactDataShape') ?? 'AllProperties';
    const contact = (one: DirectoryEntry): string => (whole ? writeContact(one, shape) : '');
    const resolutions = shown.map((one) => `<t:Resolution>${writeEntry(one)}${contact(one)}</t:Resolution>`);
    const last = found.length <= most;
    const content = `<m:ResolutionSet TotalItemsInView="${found.length}" IncludesLastItemInRange="${last}">${resolutions.join('')}</m:ResolutionSet>`;
    if (found.length === 1) return [{ responseClass: 'Success', code: 'NoError', content }];
    const text = 'Multiple results were found.';
    return [{ responseClass: 'Warning', code: 'ErrorNameResolutionMultipleResults', text, content }];
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/expanddl-operation: a list of the directory, or one among contacts. */
export const expandDl: Operation = {
  count: () => 1,
  run(request, context) {
    const mailbox = child(request, messagesNs, 'Mailbox');
    return answerEach([mailbox], context, '', (one) => {
      const members = expanded(one, context);
      const written = members.map(writeEntry).join('');
      return `<m:DLExpansion TotalItemsInView="${members.length}" IncludesLastItemInRange="true">${written}</m:DLExpansion>`;
    });
  },
};

function expanded(mailbox: XmlElement | undefined, context: OperationContext): readonly DirectoryEntry[] {
  const address = textOf(mailbox, typesNs, 'EmailAddress')?.toLowerCase();
  const members = address === undefined ? undefined : context.exchange.distributionLists.get(address);
  if (members !== undefined) return members.map((member) => entryAt(member, context.exchange));
  const id = child(mailbox, typesNs, 'ItemId');
  const item = id && resolveItem(id, context).item;
  if (item?.kind === 'DistributionList') return membersOf(item, context.exchange);
  throw new EwsItemError('ErrorNameResolutionNoResults', 'No distribution list has that address.');
}

/** Where `SearchScope` says that names are looked for, in that order. */
function searched(request: XmlElement, context: OperationContext): readonly DirectoryEntry[] {
  const scope = request.attributes.get('SearchScope') ?? 'ActiveDirectoryContacts';
  const named = child(request, messagesNs, 'ParentFolderIds')?.children;
  const own = context.acting === undefined ? [] : [context.acting.folder('contacts')];
  const folders = named === undefined ? own : named.map((id) => resolveFolder(id, context));
  const [inDirectory, inContacts] = [directory(context.exchange), folders.flatMap(contactsIn)];
  if (scope === 'ActiveDirectory') return inDirectory;
  if (scope === 'Contacts') return inContacts;
  return scope === 'ContactsActiveDirectory' ? [...inContacts, ...inDirectory] : [...inDirectory, ...inContacts];
}

/** As ambiguous name resolution does: the beginning of the address, of the name, or of one of its words. */
function matches({ address = '', name }: DirectoryEntry, entry: string): boolean {
  const wanted = entry
    .replace(/^smtp:/i, '')
    .trim()
    .toLowerCase();
  if (wanted === '') return false;
  const texts = [address.toLowerCase(), ...name.toLowerCase().split(/[\s,]+/), name.toLowerCase()];
  return texts.some((text) => text.startsWith(wanted));
}
