/** Item classes that are sent or looked for. classification/ has what Outlook makes of each. */

/** The class of a message within the organisation, according to the product's documentation. */
export const missedConversationClass = 'IM.Note.MissedConversation';
/** The same as that documentation misspells it in one place; read, never sent. */
export const misspelledMissedConversationClass = 'IM.Note.MisssedConversation';
/** Sent to a server that has refused {@link missedConversationClass} (`ErrorObjectTypeChanged`): a subtype of `IPM.Note`, which Exchange accepts. */
export const fallbackMessageClass = 'IPM.Note.Microsoft.Missed';
/** An ordinary e-mail: what a message from a federated organisation arrives as. */
export const ordinaryNoteClass = 'IPM.Note';

/** The classes of missed-conversation notes, including those of older software; each stands for the classes below it. */
export const missedConversationClasses: readonly string[] = [
  missedConversationClass,
  misspelledMissedConversationClass,
  fallbackMessageClass,
];
