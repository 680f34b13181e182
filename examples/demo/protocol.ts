/** What the demo tells the sending process, and what that reports: one JSON object a line. */
import type { EventName, OfflineImEvents, SpoolState } from 'offline-im';
import type { Location } from './data.ts';

/** The first line on the sender's stdin. While stdin stays open, somebody is listening. */
export interface Assignment {
  /** Of the Exchange Server: EWS. */
  readonly url: string;
  /** Of Exchange Online: Microsoft Graph. */
  readonly graphUrl: string;
  /** What stands for the credential of an application: the token for each mailbox. */
  readonly tokens: Readonly<Record<string, string>>;
  readonly username: string;
  readonly password: string;
  /** Folder of the spool. */
  readonly root: string;
  readonly dataFile: string;
  /** Id of a message that is secretly left out, to show that the demo would notice. */
  readonly drop?: string;
}

/** Any further line: a mailbox is on the other side from now on. */
export interface Moved {
  readonly mailbox: string;
  readonly location: Location;
}

/** An event as JSON carries it. */
export type EventLine = {
  readonly [Name in EventName]: { readonly kind: 'event'; readonly name: Name; readonly event: Jsonified<OfflineImEvents[Name]> };
}[EventName];

export type SenderLine =
  | EventLine
  /** `send()` resolved. */
  | { readonly kind: 'accepted'; readonly messageId: string; readonly duplicate: boolean }
  /** `send()` rejected because of the gate. */
  | { readonly kind: 'refused'; readonly messageId: string; readonly reasons: readonly string[] }
  | { readonly kind: 'wave-sent' | 'wave-settled'; readonly wave: number }
  /** All is done; what the spool holds, by state. */
  | { readonly kind: 'finished'; readonly counts: Readonly<Record<SpoolState, number>> }
  | { readonly kind: 'failed'; readonly error: string };

/** Dates and errors become strings; the rest of an event is plain. */
type Jsonified<T> = { readonly [Key in keyof T]: T[Key] extends Date | Error ? string : T[Key] };
