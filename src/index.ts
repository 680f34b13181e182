export type {
  AudienceClassification,
  MessageClassification,
  MessageKind,
  Organization,
  ShowsIn,
} from './classification/index.ts';
export { classifyAudience, classifyMessageClass } from './classification/index.ts';
export type { Clock } from './clock.ts';
export { systemClock } from './clock.ts';
export type { ErrorCode, OfflineImErrorOptions } from './errors/index.ts';
export { errorCodes, hasCode, OfflineImError } from './errors/index.ts';
export type { EntryEvent, EventName, EventReason, Listener, NoteEvent, OfflineImEvents } from './events.ts';
export type {
  AccessToken,
  AuthenticationContext,
  BearerAuthOptions,
  Credentials,
  DiscoveredEws,
  DiscoverOptions,
  DiscoverStep,
  EwsServerVersion,
  EwsTransportOptions,
  FindStrandedDraftsOptions,
  RemoveStrandedDraftsOptions,
  SendOptions,
  SendRequest,
  StrandedDraft,
  StrandedDraftAction,
  StrandedDraftsReport,
  TokenReason,
} from './ews/index.ts';
export { basicAuth, bearerAuth, discoverEws, EwsTransport } from './ews/index.ts';
export type {
  ClientVersion,
  CsClientPolicy,
  CsImConfiguration,
  GateClient,
  GateDecision,
  GateInput,
  GateReason,
  GateReasonCode,
  MailboxLocation,
  Policy,
} from './gating/index.ts';
export {
  compareClientVersions,
  evaluateGate,
  GateRefusedError,
  parseClientVersion,
  parseCsClientPolicy,
  parseCsImConfiguration,
  policyOfCsClientPolicy,
  policyOfCsImConfiguration,
} from './gating/index.ts';
export type { HighWater } from './high-water.ts';
export type { Logger } from './logger.ts';
export type { MessageSender, OutgoingMessage } from './message.ts';
export type { Receipt } from './receipt.ts';
export { OfflineImSender } from './sender.ts';
export type { Identity, OfflineImSenderOptions, PolicySource } from './sender-options.ts';
export type { CheckResult, SendMessageOptions, SendResult } from './sending.ts';
export { MemorySpool } from './spooler/memory/memory-spool.ts';
export type { DeliveryDecision, SpoolerOptions } from './spooler/options.ts';
export type { CryptoKeyLike, SealKey, SealOptions } from './spooler/sealed/index.ts';
export { sealed } from './spooler/sealed/index.ts';
export type { FlushCounts } from './spooler/spooler.ts';
export type {
  AppendResult,
  Change,
  ClaimedNote,
  ClaimRequest,
  ClaimToken,
  ExpireRequest,
  Frozen,
  LaneFilter,
  NewSpoolEntry,
  Reason,
  Refreeze,
  Settlement,
  SpoolContext,
  SpoolEntry,
  SpooledMessage,
  SpoolQuery,
  SpoolState,
  SpoolStorage,
} from './spooler/storage.ts';
export { spoolStates } from './spooler/storage.ts';
export type { Journal, JournalContents } from './spooler/table/journal.ts';
export { JournalError } from './spooler/table/journal.ts';
export type { Due, EntryFixed, EntryRecord, EntryStatus, Lease, NoteRecord } from './spooler/table/records.ts';
export type { TableSpoolOptions } from './spooler/table/table-spool.ts';
export { TableSpool } from './spooler/table/table-spool.ts';
export type { Transaction as SpoolTransaction } from './spooler/table/transaction.ts';
export type { LaneStats, SenderStats, StatsOptions } from './stats.ts';
export type { LastMinute } from './throughput.ts';
export type {
  Audience,
  DeliverOptions,
  DeliveryOutcome,
  Mailbox,
  Note,
  Place,
  ProbeResult,
  Scope,
  Transport,
  UnknownAttempt,
} from './transport.ts';
