import type { MessageContent, SimulatedItem } from '../../store/item.ts';
import { occurrenceOf, withOccurrence } from './occurrences.ts';

/** Whoever keeps items. */
interface Keeper {
  update(item: SimulatedItem, next: { readonly content: MessageContent }): SimulatedItem;
}

/** An occurrence is changed, or deleted, in the item of its series; returns what it is then. */
export function updateOccurrence(
  mailbox: Keeper,
  { items }: { readonly items: ReadonlyMap<string, SimulatedItem> },
  occurrence: SimulatedItem,
  next: MessageContent | 'deleted',
): SimulatedItem {
  const { master: id = '', index = 0 } = occurrence.series ?? {};
  const master = items.get(id);
  if (master === undefined) return occurrence;
  const changed = mailbox.update(master, { content: withOccurrence(master, index, next) });
  const after = occurrenceOf(changed, index);
  return typeof after === 'string' ? occurrence : after;
}
