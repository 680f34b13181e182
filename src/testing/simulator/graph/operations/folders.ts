import type { SimulatedFolder } from '../../store/folder.ts';
import type { SimulatedMailbox } from '../../store/mailbox.ts';
import { GraphFault } from '../errors.ts';
import { type GraphAnswer, type GraphContext, requirePermission } from './operation.ts';

/** By well-known name, in any language of the mailbox, or by id; throws `ErrorFolderNotFound`. */
export function findFolder(mailbox: SimulatedMailbox, name: string): SimulatedFolder {
  const known = mailbox.distinguished(name.toLowerCase()) ?? mailbox.folders.find(({ id }) => id === name);
  if (known === undefined) throw new GraphFault('ErrorFolderNotFound');
  return known;
}

/** https://learn.microsoft.com/graph/api/user-list-mailfolders and mailfolder-list-childfolders */
export function listMailFolders(context: GraphContext): GraphAnswer {
  mayRead(context);
  const { mailbox, route, base } = context;
  const parent = findFolder(mailbox, route.folder ?? 'msgfolderroot');
  const top = Number(route.query.get('$top') ?? 10);
  const skip = Number(route.query.get('$skip') ?? 0);
  const page = parent.children.slice(skip, skip + top);
  const link = `${base}/users/${mailbox.userId}/mailFolders/${parent.id}/childFolders?$top=${top}&$skip=${skip + top}`;
  const more = skip + page.length < parent.children.length;
  return {
    status: 200,
    json: {
      '@odata.context': `${base}/$metadata#users('${mailbox.userId}')/mailFolders`,
      value: page.map(folderJson),
      ...(more ? { '@odata.nextLink': link } : {}),
    },
  };
}

/** https://learn.microsoft.com/graph/api/mailfolder-get */
export function getMailFolder(context: GraphContext): GraphAnswer {
  mayRead(context);
  return { status: 200, json: folderJson(findFolder(context.mailbox, context.route.folder ?? '')) };
}

function mayRead(context: GraphContext): void {
  requirePermission(context, 'Mail.ReadBasic', 'Mail.Read', 'Mail.ReadWrite');
}

function folderJson(folder: SimulatedFolder): object {
  const items = folder.items;
  return {
    id: folder.id,
    displayName: folder.displayName,
    parentFolderId: folder.parent?.id ?? null,
    childFolderCount: folder.children.length,
    unreadItemCount: items.filter((item) => !item.isRead).length,
    totalItemCount: items.length,
    isHidden: false,
  };
}
