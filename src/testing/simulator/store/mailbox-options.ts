import type { FolderNames } from './well-known-folders.ts';

/** A delegate, and their permissions in the mailbox. */
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
  /** From this size on, it sends nothing: `ErrorQuotaExceeded`. @default no limit */
  readonly send?: number;
  /** From this size on, nothing is stored in it either: `ErrorQuotaExceeded`, and the sender of a message to it gets a non-delivery report. @default no limit */
  readonly receive?: number;
}

/**
 * An Inbox rule: a message that arrives and meets all of its conditions is moved, copied, deleted or passed on. Without conditions it applies to everything.
 * Clients read it with GetInboxRules, and may change it.
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
  /** The folder it is moved to, by distinguished or display name; created if missing. */
  readonly moveTo?: string;
  /** A folder that gets a copy. */
  readonly copyTo?: string;
  /** `true`: moved to Deleted Items; `'for-good'`: not kept at all. */
  readonly delete?: boolean | 'for-good';
  readonly markAsRead?: boolean;
  /** Addresses that get it unchanged. */
  readonly redirectTo?: readonly string[];
  /** Addresses to which this mailbox forwards it. */
  readonly forwardTo?: readonly string[];
  /** Whether later rules are skipped for messages that this one applies to. @default false */
  readonly stop?: boolean;
}

/** A mailbox to simulate. */
export interface MailboxOptions {
  readonly address: string;
  readonly name?: string;
  /**
   * The password that its login requires.
   * @default any non-empty password
   */
  readonly password?: string;
  /**
   * Other addresses of the mailbox. Graph doesn't find a user by one.
   * @default none
   */
  readonly aliases?: readonly string[];
  /**
   * Where it is. In Exchange Online, EWS responds with 403 unless the simulator is started with `ewsEnabled`; on-premises, Graph
   * responds with 404 `MailboxNotEnabledForRESTAPI`.
   * @default EWS and Graph both serve it
   */
  readonly location?: 'exchange-online' | 'on-premises';
  /**
   * The names of its default folders: those of a language, `'de'`, or by distinguished name, `{ inbox: 'Posteingang' }`. Their classes stay.
   * @default 'en'
   */
  readonly folderNames?: FolderNames;
  /**
   * How much it may hold.
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
