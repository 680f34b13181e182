import { messageFlagsTag, tagPropertyName, tagPropertySet } from '../../transport/tag-property.ts';

/** The tag, as EWS names it. */
export const tagFieldUri = `<t:ExtendedFieldURI PropertySetId="${tagPropertySet}" PropertyName="${tagPropertyName}" PropertyType="String"/>`;

export const messageFlagsUri = '<t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/>';

/** Whether the attributes of an ExtendedFieldURI name the tag. GUIDs and property names are compared without regard to case. */
export function isTag(attributes: ReadonlyMap<string, string>): boolean {
  const set = attributes.get('PropertySetId')?.trim().toLowerCase();
  const name = attributes.get('PropertyName')?.trim().toLowerCase();
  return name === tagPropertyName.toLowerCase() && (set === tagPropertySet || set === `{${tagPropertySet}}`);
}

/** Whether the attributes of an ExtendedFieldURI name the message flags, in hexadecimal of any length or in decimal. */
export function isMessageFlags(attributes: ReadonlyMap<string, string>): boolean {
  return Number(attributes.get('PropertyTag')?.trim() || Number.NaN) === messageFlagsTag;
}
