/** The protocol between `simulator-process.ts` and `simulator-client.ts`. */

import type { Fault } from '../../src/testing/simulator/faults/fault.ts';
import type { FaultSelector } from '../../src/testing/simulator/faults/fault-book.ts';
import type { JournalEntry } from '../../src/testing/simulator/http/journal.ts';
import type { ExchangeSimulatorOptions } from '../../src/testing/simulator/simulator.ts';

/** A fault and the requests it affects, as plain data. */
export interface FaultData {
  readonly selector: Omit<FaultSelector, 'when'>;
  readonly fault: Fault;
}

/** Options of a simulator in another process, as JSON. */
export interface SimulatorProcessOptions extends Omit<ExchangeSimulatorOptions, 'clock' | 'onRequest' | 'authenticate'> {
  readonly faults?: readonly FaultData[];
  /** The named property shown as `tag`. Defaults to that of EwsTransport. */
  readonly tagProperty?: { readonly set: string; readonly name: string };
  /** Checks every body, of both sides, against Microsoft's schema if available; errors are returned by `schemaErrors`. */
  readonly checked?: boolean;
}

export type SimulatorCommand =
  | { readonly command: 'snapshot' | 'clearFaults' | 'journal' | 'schemaErrors' | 'reset' | 'close' }
  | { readonly command: 'moveMailbox'; readonly address: string; readonly location: 'exchange-online' | 'on-premises' }
  | ({ readonly command: 'addFault' } & FaultData);

export interface ItemSnapshot {
  readonly id: string;
  readonly subject: string;
  readonly itemClass: string;
  readonly body: string;
  readonly tag?: string | undefined;
  readonly isDraft: boolean;
  readonly from?: string | undefined;
  readonly to: readonly string[];
  /** ms since 1970, by the simulator's clock. */
  readonly createdAt: number;
  /** When Exchange accepted it for sending, before it arrived anywhere if the server held it back. Drafts have none. */
  readonly sentAt?: number | undefined;
}

/** Items by distinguished or display name of the folder; empty folders are left out. */
export type MailboxSnapshot = Record<string, readonly ItemSnapshot[]>;

export interface SimulatorSnapshot {
  readonly mailboxes: Readonly<Record<string, MailboxSnapshot>>;
  readonly outbound: readonly { readonly recipient: string; readonly subject: string; readonly body: string }[];
}

/** A journal entry without its bodies; `at` is an ISO string. */
export type JournalLine = Omit<JournalEntry, 'requestBody' | 'responseBody' | 'at'> & { readonly at: string };
