import { messagesNs, typesNs } from '../../../../ews/xml/namespaces.ts';
import { child, textOf } from '../../../../ews/xml/read.ts';
import type { Mailbox } from '../../../../transport/contract.ts';
import type { Exchange } from '../../exchange.ts';
import { EwsItemError } from '../../xml/ews-errors.ts';
import { writeMailbox } from '../../xml/item-fields.ts';
import { answerEach, type Operation } from '../operation.ts';

/** Resolutions of one answer at most. */
const most = 100;

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/resolvenames-operation: among mailboxes and distribution lists. */
export const resolveNames: Operation = {
  count: () => 1,
  run(request, context) {
    const entry = textOf(request, messagesNs, 'UnresolvedEntry') ?? '';
    const found = known(context.exchange).filter((one) => matches(one, entry));
    if (found.length === 0) {
      return answerEach([entry], context, '', () => {
        throw new EwsItemError('ErrorNameResolutionNoResults', 'No results were found.');
      });
    }
    const shown = found.slice(0, most);
    const resolutions = shown.map((one) => `<t:Resolution>${writeDirectoryMailbox(one)}</t:Resolution>`).join('');
    const last = found.length <= most;
    const content = `<m:ResolutionSet TotalItemsInView="${found.length}" IncludesLastItemInRange="${last}">${resolutions}</m:ResolutionSet>`;
    if (found.length === 1) return [{ responseClass: 'Success', code: 'NoError', content }];
    const text = 'Multiple results were found.';
    return [{ responseClass: 'Warning', code: 'ErrorNameResolutionMultipleResults', text, content }];
  },
};

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/expanddl-operation */
export const expandDl: Operation = {
  count: () => 1,
  run(request, context) {
    const address = textOf(child(request, messagesNs, 'Mailbox'), typesNs, 'EmailAddress')?.toLowerCase() ?? '';
    return answerEach([address], context, '', (one) => {
      const members = context.exchange.distributionLists.get(one);
      if (members === undefined) throw new EwsItemError('ErrorNameResolutionNoResults', 'No distribution list has that address.');
      const written = members.map((member) => writeDirectoryMailbox(entryOf(member, context.exchange))).join('');
      return `<m:DLExpansion TotalItemsInView="${members.length}" IncludesLastItemInRange="true">${written}</m:DLExpansion>`;
    });
  },
};

interface DirectoryEntry extends Mailbox {
  readonly type: 'Mailbox' | 'PublicDL';
}

function known(exchange: Exchange): readonly DirectoryEntry[] {
  const mailboxes = exchange.mailboxes.map(({ address, name }) => ({ address, name, type: 'Mailbox' as const }));
  const lists = [...exchange.distributionLists.keys()].map((address) => ({ address, type: 'PublicDL' as const }));
  return [...mailboxes, ...lists];
}

function entryOf(address: string, exchange: Exchange): DirectoryEntry {
  return known(exchange).find((one) => one.address === address) ?? { address, type: 'Mailbox' };
}

/** As ambiguous name resolution does: the beginning of the address, of the name, or of one of its words. */
function matches({ address, name = '' }: Mailbox, entry: string): boolean {
  const wanted = entry
    .replace(/^smtp:/i, '')
    .trim()
    .toLowerCase();
  if (wanted === '') return false;
  return [address, ...name.toLowerCase().split(/[\s,]+/), name.toLowerCase()].some((text) => text.startsWith(wanted));
}

function writeDirectoryMailbox(one: DirectoryEntry): string {
  return writeMailbox(one).replace('</t:Mailbox>', `<t:MailboxType>${one.type}</t:MailboxType></t:Mailbox>`);
}
