import { tagPropertyName, tagPropertySet } from '../../transport/tag-property.ts';

/** The tag, as EWS names it. */
export const tagFieldUri = `<t:ExtendedFieldURI PropertySetId="${tagPropertySet}" PropertyName="${tagPropertyName}" PropertyType="String"/>`;

export const messageFlagsUri = '<t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/>';

/** Whether the attributes of an ExtendedFieldURI name the tag. */
export function isTag(attributes: ReadonlyMap<string, string>): boolean {
  return attributes.get('PropertyName') === tagPropertyName && attributes.get('PropertySetId')?.toLowerCase() === tagPropertySet;
}
