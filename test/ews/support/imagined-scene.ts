/**
 * The conclusions of the transport from responses valid by the schema, whatever else they contain. The expectations come from the
 * guarantees and from Microsoft's documentation of the codes, not from the code that reads them.
 */
import { deepEqual, ok } from 'node:assert/strict';
import { hasCode, OfflineImError } from '../../../src/core/errors/offline-im-error.ts';
import { basicAuth } from '../../../src/ews/auth/credentials.ts';
import { EwsTransport } from '../../../src/ews/ews-transport.ts';
import type { DeliveryOutcome, Note, ProbeResult } from '../../../src/transport/contract.ts';
import { pick } from '../../support/by-schema/any-value.ts';
import { validateBody } from '../../support/ews-schema.ts';
import { hastyClock } from '../../support/hasty-clock.ts';
import { randomFrom } from '../../support/random.ts';
import { serverWords } from './imagined-envelope.ts';
import { type Fate, historyId, ImaginedMailbox } from './imagined-mailbox.ts';
import { ImaginedServer } from './imagined-server.ts';
import { always, makeNote } from './note.ts';

/** Known not to have been processed, by the meaning of the code; and what happens to the note then. */
const refusals: Readonly<Record<string, readonly string[]>> = {
  deferred: ['ErrorServerBusy', 'ErrorExceededConnectionCount', 'ErrorSubmissionQuotaExceeded'],
  rejected: [
    'ErrorInvalidRecipients',
    'ErrorMissingRecipients',
    'ErrorInvalidSmtpAddress',
    'ErrorNonExistentMailbox',
    'ErrorSendAsDenied',
    'ErrorMessageSizeExceeded',
    'ErrorDataSizeLimitExceeded',
    'ErrorRequestStreamTooBig',
    'ErrorCreateItemAccessDenied',
    'ErrorAccessDenied',
    'ErrorInvalidPropertySet',
    'ErrorInvalidExtendedProperty',
    'ErrorInvalidExtendedPropertyValue',
    'ErrorInvalidItemForOperationCreateItem',
    'ErrorSchemaValidation',
    'ErrorVirusDetected',
    'ErrorItemSavePropertyError',
  ],
  blocked: [
    'ErrorAccountDisabled',
    'ErrorMailboxConfiguration',
    'ErrorImpersonateUserDenied',
    'ErrorImpersonationDenied',
    'ErrorImpersonationFailed',
    'ErrorInvalidAuthorizationContext',
    'ErrorPasswordExpired',
    'ErrorPasswordChangeRequired',
    'ErrorOrganizationAccessBlocked',
    'ErrorNonPrimarySmtpAddress',
  ],
};
/** A note may have been sent before any of these was returned. */
const doubts = [
  'ErrorInternalServerTransientError',
  'ErrorMailboxStoreUnavailable',
  'ErrorMailboxMoveInProgress',
  'ErrorMailboxFailover',
  'ErrorConnectionFailed',
  'ErrorTooManyObjectsOpened',
  'ErrorInsufficientResources',
  'ErrorNotEnoughMemory',
  'ErrorADUnavailable',
  'ErrorADOperation',
  'ErrorNoRespondingCASInDestinationSite',
  'ErrorTimeoutExpired',
  'ErrorClientDisconnected',
  'ErrorInternalServerError',
  'ErrorQuotaExceeded',
];

function anyFate(random: () => number): Fate {
  const roll = random();
  if (roll < 0.4) return { kind: 'sent' };
  const sent = random() < 0.5;
  if (roll < 0.6) {
    const code = pick(random, refusals[pick(random, Object.keys(refusals))] ?? []);
    const backOff = code === 'ErrorServerBusy' && random() < 0.7 ? 1000 + Math.floor(random() * 50_000) : undefined;
    return { kind: 'refused', code, draft: code === 'ErrorSendAsDenied' && random() < 0.7, backOff, wrapped: random() < 0.1 };
  }
  if (roll < 0.75)
    return { kind: 'doubtful', responseClass: 'Error', code: pick(random, [...doubts, undefined, 'NoError']), sent };
  if (roll < 0.85) {
    const code = pick(random, [undefined, 'NoError', 'ErrorBatchProcessingStopped', ...doubts]);
    return { kind: 'doubtful', responseClass: 'Warning', code, sent: sent && code !== 'ErrorBatchProcessingStopped' };
  }
  if (roll < 0.92)
    return { kind: 'doubtful', responseClass: 'Success', code: pick(random, [...doubts, ...(refusals.rejected ?? [])]), sent };
  return { kind: 'unanswered', sent };
}

function expectedOf(fate: Fate): readonly string[] {
  switch (fate.kind) {
    case 'sent':
      return ['delivered'];
    case 'refused':
      return Object.keys(refusals).filter((status) => refusals[status]?.includes(fate.code));
    case 'unanswered':
      return ['unconfirmed'];
    case 'doubtful':
      if (fate.responseClass === 'Warning' && fate.code === 'ErrorBatchProcessingStopped') return ['deferred'];
      return fate.responseClass === 'Error' && fate.code === 'ErrorQuotaExceeded' ? ['blocked'] : ['unconfirmed'];
  }
}

/** What one scene contained, for statistics. */
export interface Drawn {
  readonly answers: Map<string, number>;
  /** Whether each response is also validated by libxml2. */
  readonly judged: boolean;
}

/** Sends and probes notes with an imagined server; throws if a verdict is not that of the model. */
export async function playScene(seed: number, drawn: Drawn): Promise<void> {
  const random = randomFrom(seed * 7919);
  for (let warm = 0; warm < 3; warm++) random();
  const scene = new ImaginedScene(random, drawn);
  await scene.deliver();
  await scene.probe();
  await scene.stranded();
}

class ImaginedScene {
  readonly #random: () => number;
  readonly #mailbox: ImaginedMailbox;
  readonly #exact: boolean;
  readonly #deletes: boolean;
  readonly #fates = new Map<string, Fate>();
  readonly #transport: EwsTransport;
  readonly #server: ImaginedServer;
  readonly #notes: readonly Note[];
  readonly #fault: { code: string; sent: (tag: string) => boolean } | undefined;
  readonly #takesClass: boolean;

  constructor(random: () => number, { answers, judged }: Drawn) {
    this.#random = random;
    this.#mailbox = new ImaginedMailbox(pick(random, ['distinguished', 'distinguished', 'by-name', 'absent']));
    this.#exact = random() < 0.7;
    this.#deletes = random() < 0.8;
    this.#takesClass = random() < 0.8;
    const code = pick(random, [...doubts, 'ErrorServerBusy', 'ErrorAccessDenied', 'ErrorOrganizationAccessBlocked']);
    const sent = pick(random, [() => false, (tag: string) => tag === 'note-1/1', () => true]);
    const count = 1 + Math.floor(random() * 4);
    // These come before the first item; that one only for a single note.
    const isClear =
      code === 'ErrorServerBusy' || code === 'ErrorOrganizationAccessBlocked' || (code === 'ErrorAccessDenied' && count === 1);
    this.#fault = random() < 0.1 ? { code, sent: isClear ? () => false : sent } : undefined;
    const newest = pick(random, ['Exchange2016', 'Exchange2016', 'Exchange2013_SP1', 'Exchange2013', 'Exchange2010_SP2']);
    this.#server = new ImaginedServer({
      mailbox: this.#mailbox,
      random,
      exact: this.#exact,
      deletes: this.#deletes,
      takes: (version) => version <= newest,
      fault: this.#fault,
      fateOf: (tag, itemClass) => {
        if (!this.#takesClass && itemClass.startsWith('IM.'))
          return { kind: 'refused', code: 'ErrorObjectTypeChanged', draft: false };
        return this.#fates.get(tag) ?? { kind: 'sent' };
      },
      onAnswer: (operation, xml) => {
        answers.set(operation, (answers.get(operation) ?? 0) + 1);
        if (judged) deepEqual(validateBody(xml), []);
      },
    });
    this.#transport = new EwsTransport({
      url: 'https://exchange.test/EWS/Exchange.asmx',
      credentials: basicAuth({ username: 'alice', password: 'p' }),
      clock: hastyClock,
      fetch: this.#server.fetch as typeof fetch,
    });
    this.#notes = Array.from({ length: count }, (_, at) => makeNote(this.#transport, at + 1));
    for (const { tag } of this.#notes) this.#fates.set(tag, anyFate(random));
    const answered = this.#notes.findIndex(({ tag }) => this.#fates.get(tag)?.kind === 'unanswered');
    // Response messages have no names: only the last ones can be missing.
    for (const { tag } of answered === -1 ? [] : this.#notes.slice(answered))
      this.#fates.set(tag, { kind: 'unanswered', sent: random() < 0.5 });
  }

  #sent(tag: string): boolean {
    return (this.#mailbox.sends.get(tag) ?? 0) > 0;
  }

  async deliver(): Promise<void> {
    const outcomes = await this.#transport.deliver(this.#notes, always());
    deepEqual(outcomes.length, this.#notes.length);
    for (const [at, note] of this.#notes.entries()) {
      const outcome = outcomes[at];
      const fate = this.#fates.get(note.tag);
      if (outcome === undefined || fate === undefined) throw new Error('no outcome');
      ok((this.#mailbox.sends.get(note.tag) ?? 0) <= 1, 'sent twice');
      if (outcome.status !== 'delivered') keepsSecrets(outcome.error);
      else ok(this.#sent(note.tag), 'delivered, and never sent');
      if (this.#sent(note.tag)) mayHaveGone(outcome, { fate, fault: this.#fault?.code });
      const { status } = outcome;
      if (this.#fault !== undefined) ok(status !== 'delivered', `delivered after ${this.#fault.code}`);
      // A look-up that can't be read twice blocks, before anything is sent.
      else isOneOf(status, [...expectedOf(fate), ...(this.#exact || this.#sent(note.tag) ? [] : ['blocked'])], fate);
      if (status === 'deferred' || status === 'unconfirmed') deepEqual(outcome.retryAfter, this.#backOff(note.tag, fate));
      if (outcome.status === 'rejected') this.#checkDraft(note, outcome.draft);
    }
  }

  /** The back-off of the server in ms; after a message quota the mailbox is left alone for an hour anyway. */
  #backOff(tag: string, fate: Fate): number | undefined {
    const usedUp = this.#fault === undefined && fate.kind === 'refused' && fate.code === 'ErrorSubmissionQuotaExceeded';
    return this.#server.backOffs.get(tag) ?? (usedUp ? 3_600_000 : undefined);
  }

  #checkDraft({ tag }: Note, said: 'none' | 'removed' | 'left'): void {
    const left = this.#mailbox.of(tag).length > 0;
    if (left) deepEqual(said, 'left');
    else if (this.#exact) ok(said !== 'left', 'a draft is said to be left that is gone');
  }

  async probe(): Promise<void> {
    const { length } = this.#notes;
    const notes = [...this.#notes, ...[1, 2, 3, 4].map((n) => makeNote(this.#transport, length + n))];
    const state = ['draft', 'pending', 'never', 'moved'] as const;
    for (const [at, note] of notes.slice(length).entries()) {
      if (state[at] === 'draft') this.#mailbox.put(note.tag, 'drafts', 'draft');
      if (state[at] === 'pending') this.#mailbox.put(note.tag, 'outbox', 'pending');
      if (state[at] === 'moved')
        this.#mailbox.put(note.tag, pick(this.#random, ['sentitems', 'deleteditems', 'recoverableitemsdeletions']), 'sent');
    }
    const before = new Map(notes.map(({ tag }) => [tag, this.#mailbox.of(tag).map((item) => item.state)]));
    const asked = notes.map((note) => ({ ...note, unknownAttempts: [{ tag: note.tag, place: note.place }] }));
    const results = await this.#transport.probe(asked, always());
    for (const [at, { tag }] of notes.entries()) {
      const result = results[at];
      if (result === undefined) throw new Error('no result');
      if (result.status === 'unknown') keepsSecrets(result.error);
      const was = before.get(tag) ?? [];
      isOneOf(named(result), this.#verdicts(was, tag), { was, ...('error' in result ? { error: result.error.message } : {}) });
    }
  }

  #verdicts(states: readonly string[], tag: string): string[] {
    const left = this.#mailbox.of(tag).length > 0;
    const [state] = states;
    const draft = left ? 'draft left' : 'draft removed';
    const exact = state === 'sent' ? 'found' : state === 'pending' ? 'pending' : state === 'draft' ? draft : 'absent';
    if (this.#exact) return [exact];
    return state === 'draft' ? [draft, 'pending', 'unknown'] : [exact, 'unknown'];
  }

  async stranded(): Promise<void> {
    const there = this.#mailbox.items
      .filter(({ folder, state }) => folder === 'drafts' && state === 'draft')
      .map(({ tag }) => tag);
    const asking = this.#transport.findStrandedDrafts({ address: 'alice@contoso.test' }).catch((error: unknown) => {
      keepsSecrets(error);
      return undefined;
    });
    const report = await asking;
    if (this.#exact) deepEqual(report?.drafts.map(({ tag }) => tag).sort(), [...there].sort());
    const folderIsThere = this.#mailbox.folder('conversationhistory', true) === historyId;
    const verified = await this.#transport.verify({ address: 'alice@contoso.test' }, always()).then(
      () => true,
      (error: unknown) => {
        keepsSecrets(error);
        return false;
      },
    );
    if (folderIsThere && this.#exact) ok(verified, 'verify() rejects');
  }
}

function named(result: ProbeResult): string {
  return result.status === 'draft' ? `draft ${result.removed ? 'removed' : 'left'}` : result.status;
}

function isOneOf(is: string, expected: readonly string[], of: object): void {
  ok(expected.includes(is), `${is} in the place of ${expected.join(' or ')}: ${JSON.stringify(of)}`);
}

function mayHaveGone(outcome: DeliveryOutcome, of: object): void {
  if (outcome.status === 'blocked') deepEqual(outcome.sent, 'unknown');
  else isOneOf(outcome.status, ['delivered', 'unconfirmed'], of);
}

/** Neither sent text nor text that the server wrote itself. */
function keepsSecrets(error: unknown): void {
  if (!(error instanceof OfflineImError)) throw error;
  ok(hasCode(error, error.code));
  const said = `${error.message} ${error.stack} ${JSON.stringify(error)} ${JSON.stringify(error.details)} ${String(error.cause)}`;
  ok(!said.includes(serverWords) && !said.includes('secret text'), `an error tells too much: ${said}`);
}
