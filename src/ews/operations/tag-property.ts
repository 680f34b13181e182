/**
 * The named property that marks what this library sent: note id and attempt, in a property set of our own. The GUID must
 * never change, or a new version would not find what an older one sent.
 */
const propertySet = 'b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147';
const propertyName = 'OfflineImTag';

/** The tag, as EWS names it. */
export const tagFieldUri = `<t:ExtendedFieldURI PropertySetId="${propertySet}" PropertyName="${propertyName}" PropertyType="String"/>`;

/** PR_MESSAGE_FLAGS. */
export const messageFlagsTag = 0x0e07;
export const messageFlagsUri = '<t:ExtendedFieldURI PropertyTag="0x0E07" PropertyType="Integer"/>';
/** PR_MESSAGE_FLAGS: handed over for sending. */
export const flagSubmitted = 0x4;
/** PR_MESSAGE_FLAGS: being composed, never sent. */
export const flagUnsent = 0x8;

/** Whether the attributes of an ExtendedFieldURI name the tag. */
export function isTag(attributes: ReadonlyMap<string, string>): boolean {
  return attributes.get('PropertyName') === propertyName && attributes.get('PropertySetId')?.toLowerCase() === propertySet;
}
