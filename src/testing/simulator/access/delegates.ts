import type { Exchange } from '../exchange.ts';
import type { SimulatedMailbox } from '../store/mailbox.ts';

/** Folders that a delegate has a level for, in the order of the schema. */
export const delegateFolders = ['Calendar', 'Tasks', 'Inbox', 'Contacts', 'Notes', 'Journal'] as const;

/** A delegate as clients see and change them. */
export interface Delegate {
  readonly address: string;
  /** By folder: `None`, `Reviewer`, `Author`, `Editor`, `Custom`. */
  readonly levels: Readonly<Partial<Record<(typeof delegateFolders)[number], string>>>;
  readonly receivesCopies: boolean;
  readonly seesPrivate: boolean;
  /** May send with the mailbox as From. */
  readonly sendAs: boolean;
  /** May do everything in every folder, until a client says what is allowed. */
  readonly wholeMailbox?: boolean;
}

const key = 'delegates';

/** The delegates of a mailbox by address: those it was made with, until a client changes them. */
export function delegatesOf(mailbox: SimulatedMailbox): ReadonlyMap<string, Delegate> {
  const kept = mailbox.settings.get(key);
  if (kept !== undefined) return new Map((JSON.parse(kept) as readonly Delegate[]).map((one) => [one.address, one]));
  return new Map(
    [...mailbox.delegates].map(([address, { folders = true, sendAs = true }]) => {
      const levels = Object.fromEntries(delegateFolders.map((folder) => [folder, folders ? 'Editor' : 'None']));
      return [address, { address, levels, sendAs, receivesCopies: false, seesPrivate: false, wholeMailbox: folders }];
    }),
  );
}

/** Keeps a mailbox's delegates from now on; a snapshot or a reset brings back those it had. */
export function keepDelegates(mailbox: SimulatedMailbox, delegates: Iterable<Delegate>): void {
  mailbox.settings.set(key, JSON.stringify([...delegates]));
}

/** Whether a delegate may open some of the mailbox's folders. */
export function opensFolders({ levels, wholeMailbox }: Delegate): boolean {
  return wholeMailbox === true || Object.values(levels).some((level) => level !== 'None');
}

const domain = 'S-1-5-21-1004336348-1177238915-682003330';

/** The security identifier of a mailbox's user. */
export function sidOf(mailbox: SimulatedMailbox, exchange: Exchange): string {
  return `${domain}-${1105 + exchange.mailboxes.indexOf(mailbox)}`;
}

/** The user that a `t:UserId` means, by address or by security identifier. */
export function userAt(address: string | undefined, sid: string | undefined, exchange: Exchange): SimulatedMailbox | undefined {
  if (address !== undefined) return exchange.find(address);
  return sid === undefined ? undefined : exchange.mailboxes.find((mailbox) => sidOf(mailbox, exchange) === sid);
}
