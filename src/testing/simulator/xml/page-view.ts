import type { XmlElement } from '../../../ews/xml/read.ts';
import { schemaFault } from './soap-request.ts';

/** A page of a longer list, and the attributes that describe it. */
export interface Page<T> {
  readonly entries: readonly T[];
  readonly attributes: string;
}

/** Cuts the page that `m:IndexedPageItemView` or `m:IndexedPageFolderView` asks for; everything without one. */
export function pageOf<T>(all: readonly T[], view: XmlElement | undefined): Page<T> {
  const total = all.length;
  if (view === undefined) return { entries: all, attributes: `TotalItemsInView="${total}" IncludesLastItemInRange="true"` };
  const offset = numberIn(view, 'Offset') ?? 0;
  const size = numberIn(view, 'MaxEntriesReturned') ?? total;
  const basePoint = view.attributes.get('BasePoint') ?? 'Beginning';
  if (basePoint !== 'Beginning' && basePoint !== 'End') throw schemaFault("the 'BasePoint' attribute is invalid.");
  const backwards = basePoint === 'End';
  const end = backwards ? Math.max(0, total - offset) : Math.min(total, offset + size);
  const start = backwards ? Math.max(0, end - size) : Math.min(total, offset);
  const last = backwards ? start === 0 : end >= total;
  const next = backwards ? total - start : end;
  return {
    entries: all.slice(start, end),
    attributes: `IndexedPagingOffset="${next}" TotalItemsInView="${total}" IncludesLastItemInRange="${last}"`,
  };
}

function numberIn(view: XmlElement, name: string): number | undefined {
  const value = view.attributes.get(name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0) return number;
  throw schemaFault(`the '${name}' attribute is invalid: the value '${value}'.`);
}
