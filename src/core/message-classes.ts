/** Item classes that are sent or looked for. What Outlook makes of each is told in classification/. */

/** The class the product's documentation gives a message within the organisation. */
export const missedConversationClass = 'IM.Note.MissedConversation';
/** As that documentation spells it in one place; read, never sent. */
export const misspelledMissedConversationClass = 'IM.Note.MisssedConversation';
/** Sent from then on to a server that refuses {@link missedConversationClass} (`ErrorObjectTypeChanged`): a subtype of `IPM.Note`, as Exchange asks. */
export const fallbackMessageClass = 'IPM.Note.Microsoft.Missed';
/** An ordinary e-mail: what a message from a federated organisation arrives as. */
export const ordinaryNoteClass = 'IPM.Note';

/** Classes of missed-conversation notes, also as older software wrote them; each stands for those below it. */
export const missedConversationClasses: readonly string[] = [
  missedConversationClass,
  misspelledMissedConversationClass,
  fallbackMessageClass,
];
