import { typesNs } from '../../../ews/xml/namespaces.ts';
import { child, textOf, type XmlElement } from '../../../ews/xml/read.ts';
import { escapeText } from '../../../ews/xml/write.ts';
import type { Exchange } from '../exchange.ts';
import { EwsItemError } from '../xml/ews-errors.ts';
import { plainBoolean } from '../xml/written-element.ts';
import { sidOf, userAt } from './delegates.ts';

const rights = [
  ...['CanCreateItems', 'CanCreateSubFolders', 'IsFolderOwner', 'IsFolderVisible', 'IsFolderContact'],
  ...['EditItems', 'DeleteItems', 'ReadItems'],
] as const;
const [no, yes] = ['false', 'true'];

/** What each level allows, in the order of `rights`; `Custom` says it by itself. */
const levels: Readonly<Record<string, readonly string[]>> = {
  None: [no, no, no, no, no, 'None', 'None', 'None'],
  Owner: [yes, yes, yes, yes, yes, 'All', 'All', 'FullDetails'],
  PublishingEditor: [yes, yes, no, yes, no, 'All', 'All', 'FullDetails'],
  Editor: [yes, no, no, yes, no, 'All', 'All', 'FullDetails'],
  PublishingAuthor: [yes, yes, no, yes, no, 'Owned', 'Owned', 'FullDetails'],
  Author: [yes, no, no, yes, no, 'Owned', 'Owned', 'FullDetails'],
  NoneditingAuthor: [yes, no, no, yes, no, 'None', 'Owned', 'FullDetails'],
  Reviewer: [no, no, no, yes, no, 'None', 'None', 'FullDetails'],
  Contributor: [yes, no, no, yes, no, 'None', 'None', 'None'],
  FreeBusyTimeOnly: [no, no, no, no, no, 'None', 'None', 'TimeOnly'],
  FreeBusyTimeAndSubjectAndLocation: [no, no, no, no, no, 'None', 'None', 'TimeAndSubjectAndLocation'],
};

/** What somebody may do in a folder. */
export interface Allowed {
  readonly see: boolean;
  readonly read: boolean;
  readonly create: boolean;
  readonly edit: string;
  readonly delete: string;
  readonly makeFolders: boolean;
  readonly own: boolean;
}

export const nothing: Allowed = {
  ...{ see: false, read: false, create: false, edit: 'None', delete: 'None', makeFolders: false, own: false },
};

/** What a level allows, or an entry as it is written. */
export function allowedAt(level: string | XmlElement): Allowed {
  const all = typeof level === 'string' ? levels[level] : rights.map((right) => textOf(level, typesNs, right) ?? '');
  if (all === undefined) return nothing;
  const [create, makeFolders, own, see, , edit = '', remove = '', read] = all;
  const given = { create: create === yes, makeFolders: makeFolders === yes, own: own === yes, edit, delete: remove };
  return { ...given, see: see === yes || read === 'FullDetails', read: read === 'FullDetails' };
}

/** The permissions of a new folder: nothing for anybody, but for the hours of a calendar. */
export function defaultPermissions(calendar: boolean): string {
  const entry = (user: string, level: string): string =>
    writeEntry(`<t:DistinguishedUser>${user}</t:DistinguishedUser>`, level, levels[level] ?? [], calendar);
  return writeSet(entry('Default', calendar ? 'FreeBusyTimeOnly' : 'None') + entry('Anonymous', 'None'), calendar);
}

/**
 * Reads `t:PermissionSet`, and writes it as Exchange answers it: each entry with all that its level allows.
 * @throws ErrorInvalidUserInfo for a user whom nobody knows, ErrorDuplicateUserIdsSpecified for one who is named twice
 */
export function readPermissions(set: XmlElement, calendar: boolean, exchange: Exchange): string {
  const seen = new Set<string>();
  const entries = (set.children.find(({ name }) => name.endsWith('Permissions'))?.children ?? []).map((entry) => {
    const user = userOf(child(entry, typesNs, 'UserId'), exchange);
    if (seen.has(user)) throw new EwsItemError('ErrorDuplicateUserIdsSpecified', 'A user has two permissions.');
    seen.add(user);
    const level = textOf(entry, typesNs, entry.name === 'Permission' ? 'PermissionLevel' : 'CalendarPermissionLevel') ?? 'None';
    const given = rights.map((right, at) => plainBoolean(textOf(entry, typesNs, right) ?? levels.None?.[at] ?? ''));
    return writeEntry(user, level, levels[level] ?? given, calendar);
  });
  return writeSet(entries.join(''), calendar);
}

function userOf(id: XmlElement | undefined, exchange: Exchange): string {
  const distinguished = textOf(id, typesNs, 'DistinguishedUser');
  if (distinguished !== undefined) return `<t:DistinguishedUser>${escapeText(distinguished)}</t:DistinguishedUser>`;
  const user = userAt(textOf(id, typesNs, 'PrimarySmtpAddress'), textOf(id, typesNs, 'SID'), exchange);
  if (user === undefined) throw new EwsItemError('ErrorInvalidUserInfo', 'No user has that address.');
  const [address, name] = [escapeText(user.address), escapeText(user.name)];
  const mail = `<t:PrimarySmtpAddress>${address}</t:PrimarySmtpAddress><t:DisplayName>${name}</t:DisplayName>`;
  return `<t:SID>${sidOf(user, exchange)}</t:SID>${mail}`;
}

function writeEntry(user: string, level: string, allowed: readonly string[], calendar: boolean): string {
  const [element, named] = calendar ? ['CalendarPermission', 'CalendarPermissionLevel'] : ['Permission', 'PermissionLevel'];
  const each = rights.map((right, at) => `<t:${right}>${escapeText(allowed[at] ?? '')}</t:${right}>`).join('');
  return `<t:${element}><t:UserId>${user}</t:UserId>${each}<t:${named}>${escapeText(level)}</t:${named}></t:${element}>`;
}

function writeSet(entries: string, calendar: boolean): string {
  const list = calendar ? 'CalendarPermissions' : 'Permissions';
  return `<t:PermissionSet><t:${list}>${entries}</t:${list}></t:PermissionSet>`;
}
