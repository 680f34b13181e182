import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import type { Exchange } from '../exchange.ts';
import { contentOf, type SeedContent } from './content.ts';
import type { SimulatedFolder } from './folder.ts';
import type { SimulatedMailbox } from './mailbox.ts';

/** Stores what a test or a file gives, by mailbox and folder: everything is looked at before anything is stored. */
export function storeSeed(exchange: Exchange, seed: unknown): void {
  const wanted: { mailbox: SimulatedMailbox; folder: SimulatedFolder; content: SeedContent }[] = [];
  for (const [address, folders] of entriesOf(seed, 'a seed', 'an object with an address for each mailbox')) {
    const mailbox = exchange.find(address);
    if (mailbox === undefined) throw invalid(`there is no mailbox ${address} in the simulator`);
    for (const [name, items] of entriesOf(folders, address, 'an object with a list of items for each folder')) {
      const folder = mailbox.folder(name);
      if (!Array.isArray(items)) throw invalid(`${address}, ${name} must be a list of items`);
      for (const content of items as readonly SeedContent[]) {
        contentOf(content, mailbox.address, exchange.registry);
        wanted.push({ mailbox, folder, content });
      }
    }
  }
  for (const { mailbox, folder, content } of wanted) mailbox.store(folder, content);
}

function entriesOf(value: unknown, what: string, expected: string): readonly [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw invalid(`${what} must be ${expected}`);
}

function invalid(what: string): OfflineImError {
  return new OfflineImError('OPTION_INVALID', `The seed is not usable: ${what}. Nothing was stored.`);
}
