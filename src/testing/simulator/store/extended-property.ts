import type { XmlElement } from '../../../ews/xml/read.ts';
import { escapeAttribute } from '../../../ews/xml/write.ts';

/** Names an extended property: a MAPI tag, or a property set with a name or an id. */
export interface ExtendedFieldPath {
  /** MAPI type as EWS writes it: `String`, `Integer`, `Boolean`, … */
  readonly type: string;
  /** Property tag without its type, such as 0x0E07. */
  readonly tag?: number;
  /** GUID of the property set, lower case. */
  readonly set?: string;
  /** The set's well-known name, when it was given by that. */
  readonly distinguishedSet?: string;
  readonly name?: string;
  readonly id?: number;
}

/** An extended property with its value. */
export interface ExtendedProperty {
  readonly path: ExtendedFieldPath;
  /** One string, or several for the array types. */
  readonly value: string | readonly string[];
}

/** Well-known property sets: an item tagged by the name is found by the GUID. */
const distinguishedSets: ReadonlyMap<string, string> = new Map([
  ['Meeting', '6ed8da90-450b-101b-98da-00aa003f1305'],
  ['Appointment', '00062002-0000-0000-c000-000000000046'],
  ['Common', '00062008-0000-0000-c000-000000000046'],
  ['PublicStrings', '00020329-0000-0000-c000-000000000046'],
  ['Address', '00062004-0000-0000-c000-000000000046'],
  ['InternetHeaders', '00020386-0000-0000-c000-000000000046'],
  ['CalendarAssistant', '11000e07-b51b-40d6-af21-caa85edab1d0'],
  ['UnifiedMessaging', '4442858e-a9e3-4e80-b900-317a210cc15b'],
  ['Task', '00062003-0000-0000-c000-000000000046'],
  ['Sharing', '00062040-0000-0000-c000-000000000046'],
]);

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a property is kept and indexed under; the type is no part of it. */
export function keyOfPath(path: ExtendedFieldPath): string {
  if (path.tag !== undefined) return `tag:${path.tag}`;
  return path.name !== undefined ? `${path.set}:name:${path.name}` : `${path.set}:id:${path.id}`;
}

/** Reads `t:ExtendedFieldURI`; undefined when it names no property (`ErrorInvalidExtendedProperty`). */
export function readExtendedField(element: XmlElement): ExtendedFieldPath | undefined {
  const attribute = (name: string): string | undefined => element.attributes.get(name);
  const type = attribute('PropertyType');
  if (type === undefined || type === '') return undefined;
  const tag = attribute('PropertyTag');
  const named = attribute('DistinguishedPropertySetId');
  const set = named === undefined ? attribute('PropertySetId') : distinguishedSets.get(named);
  const name = attribute('PropertyName');
  const id = attribute('PropertyId');
  if (tag !== undefined) {
    const number = Number(tag);
    const lonely = set === undefined && name === undefined && id === undefined;
    return lonely && Number.isInteger(number) && number >= 0 && number <= 0xffff ? { type, tag: number } : undefined;
  }
  if (set === undefined || !guid.test(set)) return undefined;
  const path = { type, set: set.toLowerCase(), ...(named === undefined ? {} : { distinguishedSet: named }) };
  if (name !== undefined && id === undefined) return { ...path, name };
  if (id !== undefined && name === undefined && Number.isInteger(Number(id))) return { ...path, id: Number(id) };
  return undefined;
}

/** Writes `t:ExtendedFieldURI`, attributes as the client gave them. */
export function writeExtendedField(path: ExtendedFieldPath): string {
  const attributes: string[] = [];
  const add = (name: string, value: string): void => {
    attributes.push(`${name}="${escapeAttribute(value)}"`);
  };
  if (path.distinguishedSet !== undefined) add('DistinguishedPropertySetId', path.distinguishedSet);
  else if (path.set !== undefined) add('PropertySetId', path.set);
  if (path.tag !== undefined) add('PropertyTag', `0x${path.tag.toString(16)}`);
  if (path.name !== undefined) add('PropertyName', path.name);
  if (path.id !== undefined) add('PropertyId', String(path.id));
  add('PropertyType', path.type);
  return `<t:ExtendedFieldURI ${attributes.join(' ')}/>`;
}

/** Whether a type is there for reports only: nothing can be set, got or searched by it (`ErrorUnsupportedMapiPropertyType`). */
export const isForReports = ({ type }: ExtendedFieldPath): boolean => /^(?:Error|Null|Object|ObjectArray)$/.test(type);

const bits = { Short: 16, Integer: 32, Long: 64 } as const;

/** Whether a value fits its MAPI type (`ErrorInvalidExtendedPropertyValue` when not). */
export function fitsType(type: string, value: string): boolean {
  switch (type) {
    case 'Integer':
    case 'Short':
    case 'Long': {
      const trimmed = value.trim().replace(/^\+/, '');
      return /^-?\d{1,30}$/.test(trimmed) && BigInt.asIntN(bits[type], BigInt(trimmed)) === BigInt(trimmed);
    }
    case 'Boolean':
      return /^(?:true|false|0|1)$/.test(value.trim());
    case 'CLSID':
      return guid.test(value.trim());
    case 'Binary':
      return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value.replace(/\s/g, ''));
    case 'SystemTime':
      return !Number.isNaN(Date.parse(value));
    case 'Double':
    case 'Float':
    case 'Currency':
    case 'ApplicationTime':
      return value.trim() !== '' && Number.isFinite(Number(value));
    default:
      return true;
  }
}
