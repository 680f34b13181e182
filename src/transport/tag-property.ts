/**
 * The named property that marks an item as this library's: note id and attempt, in a property set of our own. The GUID must never change, or a new version would not
 * find what an older one sent, nor one transport what another sent.
 */
export const tagPropertySet = 'b1f7c0a4-52c8-4d5e-9c3b-6f0d8e2a9147';
export const tagPropertyName = 'OfflineImTag';

/** PR_MESSAGE_FLAGS, a property tag. */
export const messageFlagsTag = 0x0e07;
/** PR_MESSAGE_FLAGS: submitted for sending. */
export const flagSubmitted = 0x4;
/** PR_MESSAGE_FLAGS: being composed, not sent. */
export const flagUnsent = 0x8;
