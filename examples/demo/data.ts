/** The data file `messages.json`, and what the two processes of the demo read of it. */
import { readFile } from 'node:fs/promises';

/** Someone with an address; those who send have a client as well. */
export interface Person {
  readonly sip: string;
  readonly name: string;
  /** SMTP address, where it is not the SIP address. */
  readonly mailbox?: string;
  /** A build or a SIP User-Agent. */
  readonly client?: string;
  readonly mailboxLocation?: Location;
  /** Decides which block of `get-csimconfiguration.txt` holds. */
  readonly site?: string;
  /** The policy assigned by tag; decides which block of `get-csclientpolicy.txt` holds. */
  readonly clientPolicy?: string;
}

export interface DemoMessage {
  /** Sent along as `messageId`: repeated after a crash it stays one message. */
  readonly id: string;
  readonly language: string;
  readonly sentAt: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly conversation?: string;
  /** ms that pass before it is sent. */
  readonly pause?: number;
  readonly text: string;
}

export type Location = 'on-premises' | 'exchange-online';

interface Move {
  readonly sip: string;
  readonly to: Location;
}

/** Messages sent together; the next wave begins when nothing of this one waits any more. */
export interface Wave {
  readonly about: string;
  /** Mailboxes that are moved to the other side while messages of their owner wait. */
  readonly moves?: readonly Move[];
  readonly messages: readonly DemoMessage[];
}

export interface DemoData {
  readonly organization: { readonly domains: readonly string[]; readonly federatedDomains: readonly string[] };
  readonly people: readonly Person[];
  readonly waves: readonly Wave[];
}

/** Output of the two cmdlets, as an administrator would save it to a file. */
export interface Listings {
  readonly imConfiguration: string;
  readonly clientPolicy: string;
}

export const defaultDataFile = new URL('./messages.json', import.meta.url);

export async function readData(file: URL | string): Promise<DemoData> {
  return JSON.parse(await readFile(file, 'utf8')) as DemoData;
}

export async function readListings(): Promise<Listings> {
  const [imConfiguration, clientPolicy] = await Promise.all(
    ['get-csimconfiguration.txt', 'get-csclientpolicy.txt'].map((name) => readFile(new URL(name, import.meta.url), 'utf8')),
  );
  return { imConfiguration: imConfiguration ?? '', clientPolicy: clientPolicy ?? '' };
}

export function messagesOf(data: DemoData): readonly DemoMessage[] {
  return data.waves.flatMap((wave) => wave.messages);
}

/** The person with that SIP address; throws when the file has none. */
export function personOf(data: DemoData, sip: string): Person {
  const person = data.people.find((one) => one.sip === sip);
  if (person === undefined) throw new Error(`The data file has nobody with the address ${sip}.`);
  return person;
}

/** Where the mailbox of each sender is before anything is moved, by address. */
export function firstLocations(data: DemoData): Map<string, Location> {
  const senders = data.people.filter(({ client }) => client !== undefined);
  return new Map(senders.map(({ sip, mailboxLocation }) => [mailboxOf(data, sip), mailboxLocation ?? 'on-premises']));
}

/** Where someone's mail goes: the mailbox of a person in the file, or the address itself. Lower case. */
export function mailboxOf(data: DemoData, address: string): string {
  const person = data.people.find((one) => one.sip === address);
  return (person?.mailbox ?? address.replace(/^sip:/, '')).toLowerCase();
}
