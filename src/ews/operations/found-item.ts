import { flagSubmitted, flagUnsent } from '../../transport/tag-property.ts';
import { typesNs } from '../xml/namespaces.ts';
import { child, childrenOf, type XmlElement } from '../xml/read.ts';
import type { ItemId } from './delete-item.ts';
import { isMessageFlags, isTag } from './elements.ts';

/**
 * How far an item has come on its way out, as its own properties tell it:
 *
 * - `sent`: nothing says that it still has to be sent.
 * - `submitted`: handed over for sending, not sent yet.
 * - `unsent`: being composed, never handed over.
 * - `unstated`: the server returned neither its flags nor IsDraft.
 * - `contradictory`: what the server returned can't all be true, or can't be read.
 */
export type SendState = 'sent' | 'submitted' | 'unsent' | 'unstated' | 'contradictory';

/** An item of a FindItem answer. The schema makes every property optional, so each may be missing here. */
export interface FoundItem {
  readonly id: ItemId | undefined;
  /** This library's tag without white space around it; undefined too where the item has two that differ. */
  readonly tag: string | undefined;
  readonly state: SendState;
  /** ms since 1970, by the server's clock. */
  readonly created: number | undefined;
  readonly messageClass: string | undefined;
  readonly subject: string | undefined;
}

/** Reads an item whatever its element is called: a server that doesn't know a class returns t:Item with little in it. */
export function readFoundItem(item: XmlElement): FoundItem {
  const tags: string[] = [];
  const flags: string[] = [];
  for (const property of childrenOf(item, typesNs, 'ExtendedProperty')) {
    const attributes = child(property, typesNs, 'ExtendedFieldURI')?.attributes;
    if (attributes === undefined) continue;
    if (isTag(attributes)) tags.push(...valuesOf(property));
    else if (isMessageFlags(attributes)) flags.push(...valuesOf(property));
  }
  const tag = agreed(tags);
  return {
    id: idOf(item),
    tag: tag === differing || tag === '' ? undefined : tag,
    state: stateOf(agreed(flags), agreed(textsOf(item, 'IsDraft'))),
    created: dateOf(textsOf(item, 'DateTimeCreated')[0]),
    messageClass: textsOf(item, 'ItemClass')[0],
    subject: child(item, typesNs, 'Subject')?.text,
  };
}

/** Values of one property that are not the same. */
const differing = Symbol('differing');
type Agreed = string | undefined | typeof differing;

function agreed([first, ...others]: readonly string[]): Agreed {
  return others.every((other) => other === first) ? first : differing;
}

function textsOf(item: XmlElement, name: string): readonly string[] {
  return childrenOf(item, typesNs, name).map(({ text }) => text.trim());
}

/** A server may write a single value as a list of one. */
function valuesOf(property: XmlElement): readonly string[] {
  return [...textsOf(property, 'Value'), ...childrenOf(property, typesNs, 'Values').flatMap((list) => textsOf(list, 'Value'))];
}

function idOf(item: XmlElement): ItemId | undefined {
  const attributes = child(item, typesNs, 'ItemId')?.attributes;
  const id = attributes?.get('Id');
  return id === undefined || id === '' ? undefined : { id, changeKey: attributes?.get('ChangeKey') };
}

/** Without a zone, which xs:dateTime leaves optional: the latest moment that it may mean, so that no item passes for older than it is. */
function dateOf(text = ''): number | undefined {
  // Seven and nine digits of a second are read too; Date drops what it can't keep.
  const date = Date.parse(/T[^Z+-]+$/.test(text) ? `${text}-12:00` : text);
  return Number.isNaN(date) ? undefined : date;
}

/** Flags and IsDraft must tell the same: a copy taken for a draft would be deleted, a draft taken for a copy never sent. */
function stateOf(flags: Agreed, isDraft: Agreed): SendState {
  const draft = booleanOf(isDraft);
  if (flags === differing || draft === differing) return 'contradictory';
  if (flags === undefined) return draft === undefined ? 'unstated' : draft ? 'unsent' : 'sent';
  if (!/^-?\d{1,10}$/.test(flags)) return 'contradictory';
  const unsent = (Number(flags) & flagUnsent) !== 0;
  if (draft !== undefined && draft !== unsent) return 'contradictory';
  if (!unsent) return 'sent';
  return (Number(flags) & flagSubmitted) !== 0 ? 'submitted' : 'unsent';
}

/** By the schema a boolean is true, false, 1 or 0. */
function booleanOf(text: Agreed): boolean | undefined | typeof differing {
  if (text === undefined) return undefined;
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : differing;
}
