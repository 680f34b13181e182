import type { FolderNames } from './well-known-folders.ts';

/** A delegate and what they may do in the mailbox. */
export interface DelegateOptions {
  readonly address: string;
  /**
   * May send with this mailbox as From.
   * @default true
   */
  readonly sendAs?: boolean;
  /**
   * May read and write its folders.
   * @default true
   */
  readonly folders?: boolean;
}

/** How much a mailbox holds, in bytes of its items. */
export interface QuotaOptions {
  /** From so much on it sends nothing: `ErrorQuotaExceeded`. @default no limit */
  readonly send?: number;
  /** From so much on nothing is stored in it either: `ErrorQuotaExceeded`, and whoever sends it a message gets a non-delivery report. @default no limit */
  readonly receive?: number;
}

/**
 * A rule of an Inbox: what arrives and fulfils all of its conditions is moved, copied, deleted or passed on. Without a condition it is for everything.
 * Clients see it by GetInboxRules, and may change it.
 *
 * @example
 * ```ts
 * { address: 'bob@contoso.test', rules: [{ itemClass: 'IM.Note', moveTo: 'Missed' }, { from: 'spam@fabrikam.test', delete: 'for-good' }] }
 * ```
 */
export interface InboxRule {
  /** @default 'Rule 1', 'Rule 2', … */
  readonly name?: string;
  /** The address of a sender, or several. */
  readonly from?: string | readonly string[];
  /** A text in the subject, or one of several; without regard to case. */
  readonly subjectContains?: string | readonly string[];
  /** A text in the body, or one of several. */
  readonly bodyContains?: string | readonly string[];
  /** A class, or one below it. */
  readonly itemClass?: string | readonly string[];
  /** The folder it goes to, by distinguished or display name; one that is not there is made. */
  readonly moveTo?: string;
  /** A folder that gets a copy. */
  readonly copyTo?: string;
  /** `true`: into Deleted Items; `'for-good'`: it is not kept at all. */
  readonly delete?: boolean | 'for-good';
  readonly markAsRead?: boolean;
  /** Who gets it as it is. */
  readonly redirectTo?: readonly string[];
  /** Who gets it as a message of this mailbox. */
  readonly forwardTo?: readonly string[];
  /** Later rules are not tried on what this one was for. @default false */
  readonly stop?: boolean;
}

/** A mailbox to simulate. */
export interface MailboxOptions {
  readonly address: string;
  readonly name?: string;
  /**
   * Required at its login from then on.
   * @default any password that is not empty
   */
  readonly password?: string;
  /**
   * Other addresses it gets mail under. Graph doesn't find a user by one.
   * @default none
   */
  readonly aliases?: readonly string[];
  /**
   * Where it lives. In Exchange Online EWS answers 403 unless the simulator is started with `ewsEnabled`; on-premises Graph
   * answers 404 `MailboxNotEnabledForRESTAPI`.
   * @default both doors serve it
   */
  readonly location?: 'exchange-online' | 'on-premises';
  /**
   * What its usual folders are called: as in a language, `'de'`, or by distinguished name, `{ inbox: 'Posteingang' }`. Their classes stay.
   * @default 'en'
   */
  readonly folderNames?: FolderNames;
  /**
   * How much it holds.
   * @default no limit
   */
  readonly quota?: QuotaOptions;
  /**
   * Rules of its Inbox, in the order in which they are tried on what arrives.
   * @default none
   */
  readonly rules?: readonly InboxRule[];
  /**
   * Who else may open it.
   * @default nobody
   */
  readonly delegates?: readonly (string | DelegateOptions)[];
}

/** How a server's Conversation History is found; see the profile. */
export type ConversationHistory = 'distinguished' | 'by-name' | 'absent';
