import { OfflineImError } from '../../../core/errors/offline-im-error.ts';

/** A folder that every mailbox has. */
export interface WellKnownFolder {
  readonly name: string;
  readonly displayName: string;
  readonly parent?: string;
  readonly folderClass?: string;
}

/** Parents before children. */
const wellKnownFolders: readonly WellKnownFolder[] = [
  { name: 'root', displayName: '' },
  { name: 'msgfolderroot', displayName: 'Top of Information Store', parent: 'root' },
  { name: 'inbox', displayName: 'Inbox', parent: 'msgfolderroot' },
  { name: 'drafts', displayName: 'Drafts', parent: 'msgfolderroot' },
  { name: 'outbox', displayName: 'Outbox', parent: 'msgfolderroot' },
  { name: 'sentitems', displayName: 'Sent Items', parent: 'msgfolderroot' },
  { name: 'deleteditems', displayName: 'Deleted Items', parent: 'msgfolderroot' },
  { name: 'junkemail', displayName: 'Junk Email', parent: 'msgfolderroot' },
  {
    name: 'conversationhistory',
    displayName: 'Conversation History',
    parent: 'msgfolderroot',
    folderClass: 'IPF.Note.Microsoft.Conversation',
  },
  { name: 'calendar', displayName: 'Calendar', parent: 'msgfolderroot', folderClass: 'IPF.Appointment' },
  { name: 'contacts', displayName: 'Contacts', parent: 'msgfolderroot', folderClass: 'IPF.Contact' },
  { name: 'tasks', displayName: 'Tasks', parent: 'msgfolderroot', folderClass: 'IPF.Task' },
  { name: 'notes', displayName: 'Notes', parent: 'msgfolderroot', folderClass: 'IPF.StickyNote' },
  { name: 'journal', displayName: 'Journal', parent: 'msgfolderroot', folderClass: 'IPF.Journal' },
  { name: 'recoverableitemsroot', displayName: 'Recoverable Items', parent: 'root' },
  { name: 'recoverableitemsdeletions', displayName: 'Deletions', parent: 'recoverableitemsroot' },
  { name: 'recoverableitemsversions', displayName: 'Versions', parent: 'recoverableitemsroot' },
  { name: 'recoverableitemspurges', displayName: 'Purges', parent: 'recoverableitemsroot' },
  { name: 'searchfolders', displayName: 'Finder', parent: 'root' },
];

/** In this order, in every language. */
const named =
  'inbox drafts outbox sentitems deleteditems junkemail conversationhistory calendar contacts tasks notes journal msgfolderroot'.split(
    ' ',
  );

const languages = {
  en: [],
  de: 'Posteingang|Entwürfe|Postausgang|Gesendete Elemente|Gelöschte Elemente|Junk-E-Mail|Aufgezeichnete Unterhaltungen|Kalender|Kontakte|Aufgaben|Notizen|Journal|Oberste Ebene des Informationsspeichers'.split(
    '|',
  ),
  fr: "Boîte de réception|Brouillons|Boîte d'envoi|Éléments envoyés|Éléments supprimés|Courrier indésirable|Historique des conversations|Calendrier|Contacts|Tâches|Notes|Journal|Haut de la banque d'informations".split(
    '|',
  ),
  es: 'Bandeja de entrada|Borradores|Bandeja de salida|Elementos enviados|Elementos eliminados|Correo no deseado|Historial de conversaciones|Calendario|Contactos|Tareas|Notas|Diario|Principio del almacén de información'.split(
    '|',
  ),
  ja: '受信トレイ|下書き|送信トレイ|送信済みアイテム|削除済みアイテム|迷惑メール|会話の履歴|予定表|連絡先|タスク|メモ|履歴|インフォメーション ストアの先頭'.split(
    '|',
  ),
} satisfies Readonly<Record<Extract<FolderNames, string>, readonly string[]>>;

/** What the usual folders are called: as in a language, or by distinguished name as a test says; what it leaves out is English. */
export type FolderNames = 'en' | 'de' | 'fr' | 'es' | 'ja' | Readonly<Record<string, string>>;

/** The usual folders with those names, each with its class; parents before children. @throws OPTION_INVALID for a language that is not known */
export function foldersNamed(names: FolderNames = 'en'): readonly WellKnownFolder[] {
  if (typeof names !== 'string')
    return wellKnownFolders.map((folder) => ({ ...folder, displayName: names[folder.name] ?? folder.displayName }));
  const words: readonly string[] | undefined = Object.hasOwn(languages, names) ? languages[names] : undefined;
  if (words === undefined) {
    const known = Object.keys(languages).join(', ');
    throw new OfflineImError(
      'OPTION_INVALID',
      `folderNames "${names}" is not a known language; expected one of ${known}, or an object of names.`,
    );
  }
  return wellKnownFolders.map((folder) => ({ ...folder, displayName: words[named.indexOf(folder.name)] ?? folder.displayName }));
}
