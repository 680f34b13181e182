import { OfflineImError } from '../../../../core/errors/offline-im-error.ts';
import { asError, isUint8Array } from '../../../../core/errors/thrown.ts';
import type { Exchange } from '../../exchange.ts';
import { contentOfMime } from '../../mime/seed.ts';
import type { SimulatedFolder } from '../folder.ts';
import type { SimulatedMailbox } from '../mailbox.ts';
import { readSeed, type SeedContent } from './content.ts';

/** An item of a seed: its content, or the MIME it is made of (a whole `.eml`). */
export type SeedItem = SeedContent | { readonly eml: string | Uint8Array };

/** Stores what a test or a file gives, by mailbox and folder: everything is looked at before anything is stored. */
export function storeSeed(exchange: Exchange, seed: unknown): void {
  const wanted: { mailbox: SimulatedMailbox; folder: SimulatedFolder; content: SeedContent }[] = [];
  for (const { mailbox, folder, items, at } of placesOf(exchange, seed)) {
    for (const [index, content] of items.entries()) {
      if (isEml(content)) throw invalid(`${at}[${index}] is MIME, which seed() can't read synchronously; use load()`);
      try {
        readSeed(content as SeedContent, 'received', mailbox.address, exchange.registry);
      } catch (error) {
        throw invalid(`${at}[${index}]: ${asError(error).message.replace(/\. Nothing was stored\.$/, '')}`);
      }
      wanted.push({ mailbox, folder, content: content as SeedContent });
    }
  }
  for (const { mailbox, folder, content } of wanted) mailbox.store(folder, content);
}

/** The same seed with the content of each MIME in its place. */
export async function withMimeRead(exchange: Exchange, seed: unknown): Promise<unknown> {
  const read: Record<string, Record<string, unknown[]>> = {};
  for (const { mailbox, folder, items, at } of placesOf(exchange, seed)) {
    const contents: unknown[] = [];
    for (const [index, item] of items.entries()) {
      if (isEml(item)) {
        contents.push(
          await contentOfMime(item.eml).catch((error: unknown) => {
            throw invalid(`${at}[${index}]: ${asError(error).message.replace(/\.$/, '')}`);
          }),
        );
      } else contents.push(item);
    }
    const folders = read[mailbox.address] ?? {};
    folders[folder.label] = [...(folders[folder.label] ?? []), ...contents];
    read[mailbox.address] = folders;
  }
  return read;
}

interface Place {
  readonly mailbox: SimulatedMailbox;
  readonly folder: SimulatedFolder;
  readonly items: readonly unknown[];
  /** As an error names it. */
  readonly at: string;
}

function placesOf(exchange: Exchange, seed: unknown): readonly Place[] {
  return entriesOf(seed, 'a seed', 'an object with an address for each mailbox').flatMap(([address, folders]) => {
    const mailbox = exchange.find(address);
    if (mailbox === undefined) throw invalid(`there is no mailbox ${address} in the simulator`);
    return entriesOf(folders, address, 'an object with a list of items for each folder').map(([name, items]) => {
      const folder = mailbox.findFolder(name);
      if (folder === undefined) throw invalid(`the mailbox ${address} has no folder "${name}"`);
      if (!Array.isArray(items)) throw invalid(`${address}, ${name} must be a list of items`);
      return { mailbox, folder, items, at: `${address}, ${name}` };
    });
  });
}

function isEml(item: unknown): item is { readonly eml: string | Uint8Array } {
  if (typeof item !== 'object' || item === null || !('eml' in item)) return false;
  if (typeof item.eml !== 'string' && !isUint8Array(item.eml)) throw invalid('eml must be the source of a message');
  if (Object.keys(item).length > 1) throw invalid('an item with eml has nothing else');
  return true;
}

function entriesOf(value: unknown, what: string, expected: string): readonly [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw invalid(`${what} must be ${expected}`);
}

function invalid(what: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `The seed is not usable: ${what}. Nothing was stored.`);
}
