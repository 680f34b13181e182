import { unreadable } from './unreadable.ts';

/**
 * Is a document well-formed, as far as it decides whether we may trust what the parser makes of it?
 *
 * fast-xml-parser reads a truncated document, crossed tags or a second root without complaint, and a truncated answer taken
 * for a whole one would lose outcomes. This pass looks at tags only: they are closed in order, there is one root, no text
 * beside it, no attribute twice, no DOCTYPE (so no entities of the document's own, and nothing external), no processing
 * instruction (no server or client writes one, and the parser reads them in its own way), no deeper nesting and no more
 * elements than allowed (each takes a hundred times the memory that it takes in the document).
 */
export function requireWellFormed(
  source: string,
  { maxDepth, maxNodes, maxText }: { readonly maxDepth: number; readonly maxNodes: number; readonly maxText: number },
): void {
  let nodes = 0;
  let written = 0;
  const open: string[] = [];
  let rootSeen = false;
  // A declaration counts as text: the parser goes through it character by character.
  let position = source.startsWith('<?xml') ? endOf(source, 5, '?>', 'the XML declaration') : 0;
  written += position;
  for (;;) {
    const next = source.indexOf('<', position);
    const text = source.slice(position, next === -1 ? undefined : next);
    if (open.length === 0 && text.trim() !== '') throw unreadable('it has text outside its root element');
    if (open.length > 0 && text.includes(']]>')) throw unreadable('its text contains "]]>"');
    written += text.length;
    if (written > maxText) throw unreadable(`it has more than ${maxText} characters of text and attributes`);
    if (next === -1) break;
    position = next;
    if (source.startsWith('<!--', position)) {
      position = endOf(source, position + 4, '-->', 'a comment');
      written += position - next;
    } else if (source.startsWith('<![CDATA[', position)) {
      if (open.length === 0) throw unreadable('it has text outside its root element');
      position = endOf(source, position + 9, ']]>', 'a CDATA section');
      written += position - next;
    } else if (source.startsWith('<!', position)) {
      throw unreadable('it declares a document type, which is not accepted');
    } else if (source.startsWith('<?', position)) {
      throw unreadable('it holds a processing instruction, which is not accepted');
    } else {
      tag.lastIndex = position;
      const match = tag.exec(source);
      if (match === null) throw unreadable('a tag is broken or cut off');
      const [, closing, name = '', attributes = '', empty] = match;
      position = tag.lastIndex;
      if (closing !== '') {
        if (open.pop() !== name || attributes !== '' || empty !== '')
          throw unreadable('a closing tag does not match its opening tag');
        continue;
      }
      nodes += 1 + countOf(attributes, '=');
      written += attributes.length;
      if (nodes > maxNodes) throw unreadable(`it has more than ${maxNodes} elements and attributes`);
      requireDifferent(attributes);
      if (open.length === 0 && rootSeen) throw unreadable('it has more than one root element');
      rootSeen = true;
      if (open.length >= maxDepth) throw unreadable(`its elements are nested more than ${maxDepth} deep`);
      if (empty === '') open.push(name);
    }
  }
  if (open.length > 0) throw unreadable('it ends before its elements are closed');
  if (!rootSeen) throw unreadable('it has no root element');
}

/** A whole tag with its attributes: what one step may take grows with the tag, never with the document. */
const tag =
  /<(\/?)([A-Za-z_\u0080-\uffff][\w.:\u0080-\uffff-]*)((?:\s+[A-Za-z_\u0080-\uffff][\w.:\u0080-\uffff-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at !== -1; at = text.indexOf(character, at + 1)) count++;
  return count;
}

const attributeName = /([^\s="']+)\s*=\s*(?:"[^"]*"|'[^']*')/g;

/** Of two attributes with one name, readers take the first or the last, as they please. */
function requireDifferent(attributes: string): void {
  const first = attributes.indexOf('=');
  if (first === -1 || attributes.indexOf('=', first + 1) === -1) return;
  const names = new Set<string>();
  for (const [, name = ''] of attributes.matchAll(attributeName)) {
    if (names.has(name)) throw unreadable('an element has an attribute twice');
    names.add(name);
  }
}

function endOf(source: string, from: number, end: string, what: string): number {
  const at = source.indexOf(end, from);
  if (at === -1) throw unreadable(`${what} is cut off`);
  return at + end.length;
}
