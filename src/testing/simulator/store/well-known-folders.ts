/** A folder that every mailbox has. */
export interface WellKnownFolder {
  readonly name: string;
  readonly displayName: string;
  readonly parent?: string;
  readonly folderClass?: string;
}

/** Parents before children. */
export const wellKnownFolders: readonly WellKnownFolder[] = [
  { name: 'root', displayName: '' },
  { name: 'msgfolderroot', displayName: 'Top of Information Store', parent: 'root' },
  { name: 'inbox', displayName: 'Inbox', parent: 'msgfolderroot' },
  { name: 'drafts', displayName: 'Drafts', parent: 'msgfolderroot' },
  { name: 'outbox', displayName: 'Outbox', parent: 'msgfolderroot' },
  { name: 'sentitems', displayName: 'Sent Items', parent: 'msgfolderroot' },
  { name: 'deleteditems', displayName: 'Deleted Items', parent: 'msgfolderroot' },
  { name: 'junkemail', displayName: 'Junk Email', parent: 'msgfolderroot' },
  { name: 'conversationhistory', displayName: 'Conversation History', parent: 'msgfolderroot' },
  { name: 'calendar', displayName: 'Calendar', parent: 'msgfolderroot', folderClass: 'IPF.Appointment' },
  { name: 'contacts', displayName: 'Contacts', parent: 'msgfolderroot', folderClass: 'IPF.Contact' },
  { name: 'tasks', displayName: 'Tasks', parent: 'msgfolderroot', folderClass: 'IPF.Task' },
  { name: 'notes', displayName: 'Notes', parent: 'msgfolderroot', folderClass: 'IPF.StickyNote' },
  { name: 'journal', displayName: 'Journal', parent: 'msgfolderroot', folderClass: 'IPF.Journal' },
  { name: 'recoverableitemsroot', displayName: 'Recoverable Items', parent: 'root' },
  { name: 'recoverableitemsdeletions', displayName: 'Deletions', parent: 'recoverableitemsroot' },
  { name: 'recoverableitemsversions', displayName: 'Versions', parent: 'recoverableitemsroot' },
  { name: 'recoverableitemspurges', displayName: 'Purges', parent: 'recoverableitemsroot' },
];
