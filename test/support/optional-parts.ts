/**
 * The optional parts of a response, read from Microsoft's schema: every element and attribute that the server could have left
 * out.
 */
import { existsSync, readFileSync } from 'node:fs';
import { child, parseXml, type XmlElement } from '../../src/ews/xml/read.ts';

const folder = new URL('../../../shared/ews-schema/', import.meta.url);
const xs = 'http://www.w3.org/2001/XMLSchema';

/** Whether the schema exists beside the repository. */
export const optionalPartsKnown = existsSync(new URL('Messages.xsd', folder));

interface Declared {
  readonly name: string;
  readonly optional: boolean;
  /** The type with that name, or the element that contains an anonymous one. */
  readonly type: string | XmlElement | undefined;
}

interface Members {
  readonly elements: Declared[];
  readonly attributes: Declared[];
}

const files = optionalPartsKnown ? ['Messages.xsd', 'types.xsd'] : [];
const declarations = files.flatMap((file) => {
  const text = readFileSync(new URL(file, folder), 'utf8');
  return parseXml(text, { maxNodes: 1_000_000 }).children.filter(({ ns }) => ns === xs);
});
const named = (kind: string): ReadonlyMap<string, XmlElement> =>
  new Map(declarations.flatMap((one) => (one.name === kind ? [[one.attributes.get('name') ?? '', one] as const] : [])));
const types = named('complexType');
const elements = named('element');
const groups = named('group');
const attributeGroups = named('attributeGroup');

const local = (name: string | undefined): string => (name ?? '').slice((name ?? '').indexOf(':') + 1);

function typeOf(declaration: XmlElement): Declared['type'] {
  return child(declaration, xs, 'complexType') ?? declaration.attributes.get('type');
}

function membersOf(type: Declared['type']): Members {
  const members: Members = { elements: [], attributes: [] };
  const definition = typeof type === 'string' ? types.get(local(type)) : type;
  if (definition !== undefined) collect(definition, false, members);
  return members;
}

function collect(node: XmlElement, within: boolean, into: Members): void {
  for (const part of node.children) {
    const optional = within || part.attributes.get('minOccurs') === '0';
    switch (part.name) {
      case 'element': {
        const declared = elements.get(local(part.attributes.get('ref'))) ?? part;
        into.elements.push({ name: declared.attributes.get('name') ?? '', optional, type: typeOf(declared) });
        break;
      }
      case 'attribute':
        into.attributes.push({
          name: part.attributes.get('name') ?? '',
          optional: part.attributes.get('use') !== 'required',
          type: undefined,
        });
        break;
      case 'extension': {
        const base = membersOf(part.attributes.get('base'));
        into.elements.push(...base.elements);
        into.attributes.push(...base.attributes);
        collect(part, within, into);
        break;
      }
      case 'group':
      case 'attributeGroup': {
        const target = (part.name === 'group' ? groups : attributeGroups).get(local(part.attributes.get('ref')));
        if (target !== undefined) collect(target, optional, into);
        break;
      }
      case 'sequence':
      case 'choice':
      case 'all':
      case 'complexContent':
      case 'simpleContent':
        collect(part, optional, into);
        break;
    }
  }
}

/** Adds the optional parts of one element, as `Parent/Child` and `Parent/@attribute`. */
function walk(element: XmlElement, type: Declared['type'], into: Set<string>): void {
  const members = membersOf(type);
  for (const { name, optional } of members.attributes) {
    if (optional && element.attributes.has(name)) into.add(`${element.name}/@${name}`);
  }
  for (const part of element.children) {
    const declared = members.elements.find(({ name }) => name === part.name);
    if (declared === undefined) continue;
    if (declared.optional) into.add(`${element.name}/${part.name}`);
    walk(part, declared.type, into);
  }
}

/** What the schema makes optional in the child of soap:Body. */
export function optionalParts(envelope: string): readonly string[] {
  const payload = parseXml(envelope).children.find(({ name }) => name === 'Body')?.children[0];
  const declaration = payload === undefined ? undefined : elements.get(payload.name);
  const parts = new Set<string>();
  if (payload !== undefined && declaration !== undefined) walk(payload, typeOf(declaration), parts);
  return [...parts];
}
