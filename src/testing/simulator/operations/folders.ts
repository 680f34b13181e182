import { messagesNs } from '../../../ews/xml/namespaces.ts';
import { child } from '../../../ews/xml/read.ts';
import type { SimulatedFolder } from '../store/folder.ts';
import { folderValue, readFolderShape } from '../xml/folder-shape.ts';
import { pageOf } from '../xml/page-view.ts';
import { matches, readRestriction } from '../xml/restriction.ts';
import { schemaFault } from '../xml/soap-request.ts';
import { folderIdsIn, resolveFolder } from './ids.ts';
import { answerEach, type Operation } from './operation.ts';

/** https://learn.microsoft.com/exchange/client-developer/web-service-reference/findfolder-operation */
export const findFolder: Operation = {
  count: (request) => child(request, messagesNs, 'ParentFolderIds')?.children.length ?? 0,
  run(request, context) {
    const traversal = request.attributes.get('Traversal');
    if (traversal !== 'Shallow' && traversal !== 'Deep' && traversal !== 'SoftDeleted') {
      throw schemaFault("the required attribute 'Traversal' is missing or unknown.");
    }
    const write = readFolderShape(child(request, messagesNs, 'FolderShape'));
    const view = child(request, messagesNs, 'IndexedPageFolderView');
    const restricted = child(request, messagesNs, 'Restriction');
    const restriction = restricted && readRestriction(restricted);
    const parents = folderIdsIn(child(request, messagesNs, 'ParentFolderIds'), 'ParentFolderIds');
    return answerEach(parents, context, '', (id) => {
      const parent = resolveFolder(id, context);
      const below = traversal === 'Shallow' ? parent.children : traversal === 'Deep' ? allBelow(parent) : [];
      const found = below.filter((f) => restriction === undefined || matches(restriction, (path) => folderValue(f, path)));
      const page = pageOf(found, view);
      return `<m:RootFolder ${page.attributes}><t:Folders>${page.entries.map(write).join('')}</t:Folders></m:RootFolder>`;
    });
  },
};

function allBelow(folder: SimulatedFolder): readonly SimulatedFolder[] {
  return folder.children.flatMap((below) => [below, ...allBelow(below)]);
}
