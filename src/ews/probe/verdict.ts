import { OfflineImError } from '../../core/errors/offline-im-error.ts';
import type { ProbeResult } from '../../transport/contract.ts';
import { withDraftLeft } from '../../transport/verdict.ts';
import type { TagFindings, TaggedItem, Unreadable } from './tag-findings.ts';

/** What one item proves. `unclear`: an item exists, but whether it was sent is unknown. */
type Evidence = 'found' | 'pending' | 'unclear' | 'draft';

/** ms: for a while, Exchange Online keeps throttled mail as items that look like drafts. */
const youngDraft = 60_000;

/** Recoverable Items holds items that are deleted already. */
const recoverable = 'recoverableitemsdeletions';

/** Whether an item proves that its attempt was processed. */
export function isFound(item: TaggedItem): boolean {
  return evidenceOf(item) === 'found';
}

function evidenceOf({ state, folder, created, seenAt }: TaggedItem): Evidence {
  switch (state) {
    case 'sent':
      return 'found';
    case 'submitted':
      return 'pending';
    case 'contradictory':
      return 'unclear';
    case 'unstated':
      // The folder tells whether it was sent; but being in Drafts is not enough to delete it.
      if (folder === 'outbox') return 'pending';
      return folder === 'drafts' ? 'unclear' : 'found';
    case 'unsent':
      if (folder === 'outbox') return 'pending';
      // Without a creation time it may be young: better to probe again than to delete.
      return created === undefined || seenAt - created < youngDraft ? 'pending' : 'draft';
  }
}

/** The probe result of one attempt. It is certainly absent only if every folder could be read completely. */
export function verdictOf(findings: TagFindings, draftKept: boolean): ProbeResult {
  const verdict = provenBy(findings, draftKept);
  return withDraftLeft(verdict, draftKept ? [{ status: 'draft', removed: false }] : []);
}

function provenBy({ items, unreadable }: TagFindings, draftKept: boolean): ProbeResult {
  const seen = new Set(items.map(evidenceOf));
  if (seen.has('found')) return { status: 'found' };
  if (seen.has('pending')) return { status: 'pending' };
  if (seen.has('unclear')) return unknown({ scope: 'note', error: unclear() });
  if (seen.has('draft')) return { status: 'draft', removed: !draftKept };
  return unreadable === undefined ? { status: 'absent' } : unknown(unreadable);
}

/**
 * The drafts of one attempt that may be deleted: none if anything about the attempt is unclear, and never an item whose id
 * a found copy has too.
 */
export function draftsOf({ items }: TagFindings): readonly TaggedItem[] {
  const evidence = items.map((item) => ({ item, is: evidenceOf(item) }));
  if (evidence.some(({ is }) => is === 'unclear')) return [];
  const others = new Set(evidence.flatMap(({ item, is }) => (is === 'draft' ? [] : [item.id?.id])));
  const drafts = new Map<string, TaggedItem>();
  for (const { item, is } of evidence) {
    if (is !== 'draft' || item.folder === recoverable || others.has(item.id?.id)) continue;
    drafts.set(item.id?.id ?? '', item);
  }
  return [...drafts.values()];
}

function unknown(why: Unreadable): ProbeResult {
  return { status: 'unknown', ...why };
}

function unclear(): OfflineImError {
  const text = 'An item with the tag was found, but its flags contradict one another or are missing, so it may be a draft.';
  return new OfflineImError('RESPONSE_UNREADABLE', text);
}
