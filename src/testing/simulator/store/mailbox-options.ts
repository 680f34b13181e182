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
   * Who else may open it.
   * @default nobody
   */
  readonly delegates?: readonly (string | DelegateOptions)[];
}

/** How a server's Conversation History is found; see the profile. */
export type ConversationHistory = 'distinguished' | 'by-name' | 'absent';
