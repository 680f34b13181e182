import type { ListPlace } from '../../journaled/journal.ts';
import type { EntryRecord } from '../../state/records.ts';

/** Between which places of the list the lines of a block are that are needed. Some may be needed no more: it is never too narrow. */
export interface Bounds {
  first: ListPlace;
  last: ListPlace;
  /** Lines that are needed. */
  live: number;
  /** Lines that were ever added: a block that has more than when it was read is read again. */
  added: number;
}

export function placeOf({ fixed: { acceptedAt, id } }: EntryRecord): ListPlace {
  return { acceptedAt, id };
}

/** As lists are ordered: by the time of acceptance, then by id. */
export function isBefore(one: ListPlace, other: ListPlace): boolean {
  return one.acceptedAt === other.acceptedAt ? one.id < other.id : one.acceptedAt < other.acceptedAt;
}

export function widened(bounds: Bounds | undefined, place: ListPlace): Bounds {
  if (bounds === undefined) return { first: place, last: place, live: 1, added: 1 };
  bounds.live += 1;
  bounds.added += 1;
  if (isBefore(place, bounds.first)) bounds.first = place;
  if (isBefore(bounds.last, place)) bounds.last = place;
  return bounds;
}
