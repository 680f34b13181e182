export type { AudienceClassification, Organization } from './audience.ts';
export { classifyAudience } from './audience.ts';
export type { MessageClassification, MessageClassOptions, MessageKind, ShowsIn } from './message-class.ts';
export {
  classifyMessageClass,
  fallbackMessageClass,
  messageClassFor,
  missedConversationClass,
  ordinaryNoteClass,
} from './message-class.ts';
