import { OfflineImError } from '../../../core/errors/offline-im-error.ts';
import { parseXml, type XmlElement } from '../../../ews/xml/read.ts';
import { escapeAttribute, escapeText } from '../../../ews/xml/write.ts';

/**
 * Something that every answer is written without: `Parent/Child` for an element, `Parent/@attribute` for an attribute, both
 * by local name. `Parent/Child:empty` only where the element holds no item and no folder.
 *
 * @example 'FindFolderResponseMessage/RootFolder:empty'
 */
export type Omission = `${string}/${string}`;

const form = /^\w+\/(@\w+|\w+(:empty)?)$/;

/** Throws `OPTION_INVALID` for what names nothing. */
export function checkOmissions(omits: readonly Omission[]): readonly Omission[] {
  for (const omission of omits) {
    if (form.test(omission)) continue;
    throw new OfflineImError(
      'OPTION_INVALID',
      `profile.omits has "${omission}"; it must be of the form Parent/Child, Parent/Child:empty or Parent/@attribute.`,
    );
  }
  return omits;
}

/** The document without what `omits` names, and otherwise the same to any reader. */
export function omit(document: string, omits: readonly Omission[]): string {
  if (omits.length === 0) return document;
  return `<?xml version="1.0" encoding="utf-8"?>${write(parseXml(document), new Set<string>(omits), '')}`;
}

function write(element: XmlElement, omits: ReadonlySet<string>, outer: string): string {
  const { ns, name, text } = element;
  let attributes = ns === outer ? '' : ` xmlns="${escapeAttribute(ns)}"`;
  for (const [key, value] of element.attributes) {
    if (!omits.has(`${name}/@${key}`)) attributes += ` ${key}="${escapeAttribute(value)}"`;
  }
  let children = '';
  for (const child of element.children) {
    const path = `${name}/${child.name}`;
    if (omits.has(path) || (omits.has(`${path}:empty`) && isEmpty(child))) continue;
    children += write(child, omits, ns);
  }
  return `<${name}${attributes}>${escapeText(text)}${children}</${name}>`;
}

/** No list in it has a member. */
function isEmpty(element: XmlElement): boolean {
  return element.children.every((list) => list.children.length === 0);
}
