export { ManualClock } from './testing/manual-clock.ts';
export type { AccessOptions, AuthScheme } from './testing/simulator/access/access.ts';
export type { ConnectionAccount, ConnectionLogin, ConnectionVerdict } from './testing/simulator/access/authenticator.ts';
export type { Budget, ThrottlingOptions } from './testing/simulator/access/throttle.ts';
export type { SimulatedToken, SimulatedTokens } from './testing/simulator/access/tokens.ts';
export type { CoreOptions } from './testing/simulator/core.ts';
export type { ExchangeOptions, GraphBehaviour, OutboundMessage } from './testing/simulator/exchange.ts';
export type { FaultBuilder } from './testing/simulator/faults/builder.ts';
export type { Fault, ItemSelection } from './testing/simulator/faults/fault.ts';
export type { FaultHandle, FaultSelector, FaultSubject } from './testing/simulator/faults/fault-book.ts';
export type { Faults } from './testing/simulator/faults/faults.ts';
export type { GraphOperationName } from './testing/simulator/graph/routes.ts';
export type { FrontRequest, FrontResponse } from './testing/simulator/http/front.ts';
export type { JournalEntry, JournalOptions } from './testing/simulator/http/journal.ts';
export type { AnswerByHand, AnsweredRequest } from './testing/simulator/operations/answer.ts';
export type { OperationName } from './testing/simulator/schema/operations.ts';
export type { ProfileName, ProfileOption, SchemaVersion, SimulatorProfile } from './testing/simulator/schema/profile.ts';
export type { CreateExchangeOptions, ExchangeSnapshot } from './testing/simulator/simulated-exchange.ts';
export { createExchange, SimulatedExchange } from './testing/simulator/simulated-exchange.ts';
export type { ExchangeSimulatorOptions } from './testing/simulator/simulator.ts';
export { ExchangeSimulator, startExchangeSimulator } from './testing/simulator/simulator.ts';
export type { ExtendedFieldPath, ExtendedProperty } from './testing/simulator/store/extended-property.ts';
export type { SimulatedFolder } from './testing/simulator/store/folder.ts';
export type { MessageContent, SimulatedAttachment, SimulatedItem } from './testing/simulator/store/item.ts';
export type { SimulatedMailbox } from './testing/simulator/store/mailbox.ts';
export type {
  ConversationHistory,
  DelegateOptions,
  InboxRule,
  MailboxOptions,
  QuotaOptions,
} from './testing/simulator/store/mailbox-options.ts';
export type { ItemState } from './testing/simulator/store/message-flags.ts';
export type { SeedAttachment, SeedContent } from './testing/simulator/store/seeding/content.ts';
export type { SeedItem } from './testing/simulator/store/seeding/seed.ts';
export type { FolderNames } from './testing/simulator/store/well-known-folders.ts';
export type { Omission } from './testing/simulator/xml/omit.ts';
export type {
  CreateSpoolHarness,
  SpoolConformanceOptions,
  SpoolConformanceSubject,
  SpoolHarness,
  TestRunner,
} from './testing/spool-conformance/spool-conformance.ts';
export { spoolConformance } from './testing/spool-conformance/spool-conformance.ts';
export type {
  ConformanceExchange,
  ConformanceMessage,
  CreateTransportHarness,
  TransportConformanceOptions,
  TransportConformanceSubject,
  TransportHarness,
  TransportHarnessOptions,
  TransportTrouble,
} from './testing/transport-conformance/transport-conformance.ts';
export { transportConformance } from './testing/transport-conformance/transport-conformance.ts';
