import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import { eachOf } from '../../core/queues.ts';
import type { Note, ProbeResult, UnknownAttempt } from '../../transport/contract.ts';
import { isStanding } from '../../transport/token-cache.ts';
import { combined, placeGone, withDraftLeft } from '../../transport/verdict.ts';
import type { GraphClient } from '../client/client.ts';
import type { Reply } from '../client/reply.ts';
import { replyError, verdictOf } from '../outcome/outcome.ts';
import type { GraphSettings } from '../settings.ts';
import { isMissing, type MailboxAccess } from './messages.ts';
import { foldersOf, type Walk, walk, wantedOf } from './search.ts';
import { settleUnsent } from './unsent.ts';

/** Attempts that are looked for at a time; more would only wait for each other's requests. */
const atOnce = 4;

/** How often a walk begins anew because an item moved while it was looked at. */
const mostWalks = 3;

/** Looks for exactly the unknown attempts of the notes, each where it was sent to, and removes their drafts. */
export async function probe(
  client: GraphClient,
  settings: GraphSettings,
  notes: readonly Note[],
  signal: AbortSignal,
): Promise<readonly ProbeResult[]> {
  const attempts = new Map<UnknownAttempt, Note>();
  for (const note of notes) for (const attempt of note.unknownAttempts) attempts.set(attempt, note);
  const results = new Map<UnknownAttempt, ProbeResult>();
  /** By mailbox, '' for all: what closed it. Whoever comes later would meet the same. */
  const closed = new Map<string, ProbeResult>();
  await eachOf(
    attempts,
    async ([attempt, { id, body }]) => {
      const { place } = attempt;
      const key = place.mailbox.toLowerCase();
      const known = closed.get('') ?? closed.get(key);
      const result = known ?? (await probeAttempt(client, settings, attempt, { signal, notes: [id], texts: [body.content] }));
      if (result.status === 'unknown' && result.scope === 'endpoint') closed.set('', result);
      if (result.status === 'unknown' && result.scope === 'mailbox') closed.set(key, result);
      results.set(attempt, result);
    },
    atOnce,
  );
  return notes.map(({ unknownAttempts }) => {
    return combined(
      unknownAttempts.map((attempt) => results.get(attempt) ?? placeGone(attempt)),
      unknownAttempts,
    );
  });
}

async function probeAttempt(
  client: GraphClient,
  settings: GraphSettings,
  attempt: UnknownAttempt,
  call: MailboxAccess['call'],
): Promise<ProbeResult> {
  const { place, tag } = attempt;
  if (place.endpoint !== settings.root) return placeGone(attempt);
  const userPath = client.userPath(place.mailbox);
  if (typeof userPath !== 'string') return { status: 'unknown', scope: 'mailbox', error: userPath };
  const access: MailboxAccess = { client, settings, mailbox: place.mailbox, userPath, call };
  const keeps = settings.keepCopyIn !== undefined || place.folder === 'conversationhistory';
  const folders = foldersOf(keeps);
  const wanted = wantedOf(tag, place);
  // "Absent" has to hold for the second key too, and a login that may not search for tags has only that. A Conversation History
  // may have been moved or deleted with the copies in it: in no folder that has a name, nor directly in Deleted Items.
  const ways = [['tag', folders], ['messageId', folders], ...(keeps ? [['tag', [undefined]] as const] : [])] as const;
  walks: for (let walks = 1; walks <= mostWalks; walks++) {
    let failure: Reply | undefined;
    let whole = true;
    let strange = false;
    for (const [key, among] of ways) {
      const found = await walk(access, wanted, key, among);
      const result = await resultOf(access, found);
      if (result === 'moved') continue walks;
      if (result !== 'nothing') return result;
      failure ??= found.failure;
      whole &&= found.whole;
      strange ||= found.strange;
    }
    if (failure !== undefined) return unknownOf(failure, client);
    return whole && !strange ? { status: 'absent' } : { status: 'unknown', error: notWhole(strange) };
  }
  return { status: 'pending' };
}

/** What a walk says by itself; `nothing`: neither a proof nor a hope. */
async function resultOf(access: MailboxAccess, found: Walk): Promise<ProbeResult | 'moved' | 'nothing'> {
  let sent = found.found;
  let draft: { status: 'draft'; removed: boolean } | undefined;
  let pending = false;
  let moved = false;
  let failure: Reply | undefined;
  // A draft proves something only where nothing else can lie: the same attempt may have been sent, and left a draft behind. Beside
  // the copy it need prove nothing.
  const draftAge = found.found || (found.whole && !found.strange) ? access.settings.draftAge : Number.POSITIVE_INFINITY;
  for (const unsent of found.unsent) {
    // Beside the copy nothing is worth asking again what the server has just refused.
    if (found.found && failure !== undefined) break;
    const fate = await settleUnsent(access, unsent, draftAge);
    switch (fate.kind) {
      case 'sent':
        sent = true;
        break;
      case 'on-its-way':
        pending = true;
        break;
      case 'moved':
        moved = true;
        break;
      case 'draft':
        draft = { status: 'draft', removed: fate.removed && draft?.removed !== false };
        break;
      case 'failed':
        failure ??= fate.reply;
        break;
    }
  }
  const drafts = draft === undefined ? [] : [draft];
  // Nobody looks again after a copy: what could not be read or moved may be left.
  if (sent) return withDraftLeft({ status: 'found' }, failure === undefined ? drafts : [{ status: 'draft', removed: false }]);
  if (moved) return 'moved';
  if (pending) return withDraftLeft({ status: 'pending' }, drafts);
  if (failure !== undefined) return withDraftLeft(unknownOf(failure, access.client), drafts);
  if (draft !== undefined) return draft;
  const failed = found.failure;
  return failed !== undefined && stops(failed) ? unknownOf(failed, access.client) : 'nothing';
}

/** Another way of asking would meet the same. */
function stops(reply: Reply): boolean {
  return !isMissing(reply) && (reply.kind !== 'error' || ![400, 403].includes(reply.meta.status));
}

/** A question that could not be asked, reported as a delivery that ended so. A login that may send but not read closes nothing. */
function unknownOf(reply: Reply, { tokenScope }: GraphClient): ProbeResult {
  const error = replyError(reply);
  switch (reply.kind) {
    case 'failed':
      return { status: 'unknown', scope: reply.scope, error, ...(reply.blocks === true ? { blocked: true } : {}) };
    case 'no-token':
      return { status: 'unknown', scope: reply.scope, error, ...(isStanding(error) ? { blocked: true } : {}) };
    case 'ok':
      return { status: 'unknown', scope: 'note', error };
    case 'error': {
      const { status, retryAfter } = reply.meta;
      const { verdict } = verdictOf(status, reply.error, tokenScope);
      const wait = retryAfter === undefined ? {} : { retryAfter };
      if (status === 403 || status === 400) return { status: 'unknown', scope: 'note', error, ...wait };
      const blocked = verdict.kind === 'blocked' ? { blocked: true } : {};
      return { status: 'unknown', scope: verdict.scope, error, ...wait, ...blocked };
    }
  }
}

function notWhole(strange: boolean): OfflineImError {
  const why = strange
    ? 'a message was among the results that is not what was searched for, or does not say whether it was sent'
    : 'a folder could not be read to its end';
  return new OfflineImError('RESPONSE_INCOMPLETE', `Whether the note was sent cannot be determined: ${why}.`);
}
