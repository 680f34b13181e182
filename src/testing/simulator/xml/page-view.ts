import type { XmlElement } from '../../../ews/xml/read.ts';
import { EwsFault } from './ews-errors.ts';
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
  if (/^Fractional/.test(view.name)) return fraction(all, view);
  if (/^(?:Calendar|Contacts)View$/.test(view.name)) return first(all, mostIn(view) ?? total);
  const offset = numberIn(view, 'Offset') ?? 0;
  if (offset < 0) throw new EwsFault('ErrorInvalidIndexedPagingParameters');
  const size = mostIn(view) ?? total;
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

/** A page that begins at a fraction of the list, such as a half. */
function fraction<T>(all: readonly T[], view: XmlElement): Page<T> {
  const [numerator, denominator] = [numberIn(view, 'Numerator') ?? 0, numberIn(view, 'Denominator') ?? 1];
  if (numerator < 0 || denominator <= 0 || numerator > denominator) throw new EwsFault('ErrorInvalidFractionalPagingParameters');
  const start = Math.floor((all.length * numerator) / denominator);
  const end = Math.min(all.length, start + (mostIn(view) ?? all.length));
  const attributes =
    `NumeratorOffset="${end}" AbsoluteDenominator="${all.length}" ` +
    `TotalItemsInView="${all.length}" IncludesLastItemInRange="${end >= all.length}"`;
  return { entries: all.slice(start, end), attributes };
}

function first<T>(all: readonly T[], size: number): Page<T> {
  const attributes = `TotalItemsInView="${all.length}" IncludesLastItemInRange="${size >= all.length}"`;
  return { entries: all.slice(0, size), attributes };
}

/** How many entries a page may have. */
function mostIn(view: XmlElement): number | undefined {
  const most = numberIn(view, 'MaxEntriesReturned');
  if (most === undefined || most > 0) return most;
  throw new EwsFault('ErrorInvalidPagingMaxRows');
}

function numberIn(view: XmlElement, name: string): number | undefined {
  const value = view.attributes.get(name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isInteger(number)) return number;
  throw schemaFault(`the '${name}' attribute is invalid: the value '${value}'.`);
}
