import type { DraftItem, DraftsFolder, DraftsQuery } from '../../transport/stranded-drafts.ts';
import { notAttempted } from '../../transport/verdict.ts';
import { replyError } from '../outcome/outcome.ts';
import { type Listed, listMessages, literal, type MailboxAccess } from './messages.ts';
import { classProperty, flagsProperty, submittedIn, tagProperty } from './properties.ts';
import { settleUnsent } from './unsent.ts';

const pageSize = 100;

/** Drafts of a mailbox, as transport/stranded-drafts.ts goes about it. */
export function draftsFolder(accessWith: (signal: AbortSignal) => MailboxAccess): DraftsFolder<DraftItem> {
  return {
    find: (query) => findAll(accessWith(query.signal), query),
    remove: async (items, signal) => {
      const access = accessWith(signal);
      const became: ('removed' | 'failed' | 'left-not-a-draft')[] = [];
      for (const item of items) became.push(await remove(access, item));
      return became;
    },
  };
}

/** Read again first: what has been handed over since is not a draft any more. */
async function remove(access: MailboxAccess, { id }: DraftItem): Promise<'removed' | 'failed' | 'left-not-a-draft'> {
  const fate = await settleUnsent(access, { message: { id }, folder: 'drafts' }, 'any');
  if (fate.kind === 'draft') return fate.removed ? 'removed' : 'failed';
  return fate.kind === 'failed' ? 'failed' : 'left-not-a-draft';
}

/**
 * Each search is made once for every property that has to be shown with what it finds, since Graph expands one at a time. What
 * moved away between two of them lacks a property then, and is left alone.
 */
async function findAll(
  access: MailboxAccess,
  query: DraftsQuery,
): Promise<{ readonly items: readonly DraftItem[]; readonly complete: boolean; readonly now: number }> {
  const items = new Map<string, DraftItem>();
  let complete = true;
  let now = access.settings.clock.now();
  for (const filter of filtersFor(query)) {
    const shown = new Map<string, Map<string, string>>();
    for (const property of [flagsProperty, classProperty, tagProperty]) {
      if (query.signal.aborted) throw notAttempted('it was aborted before');
      const listed = await list(access, filter, property, query.subjects);
      if (listed.kind === 'missing') break;
      if (listed.kind === 'failed') throw replyError(listed.reply);
      complete &&= listed.whole;
      now = listed.seenAt ?? now;
      for (const message of listed.messages) {
        const { id, isDraft, created, subject, expanded } = message;
        const values = shown.get(id) ?? new Map<string, string>();
        shown.set(id, values);
        if (expanded !== undefined) values.set(property, expanded);
        // The last listing has met them all, as far as they are still there.
        if (property !== tagProperty || items.has(id)) continue;
        const submitted = submittedIn(values.get(flagsProperty));
        items.set(id, {
          id,
          unsent: isDraft === true && submitted === false,
          tag: values.get(tagProperty)?.trim(),
          created,
          messageClass: values.get(classProperty),
          subject,
        });
      }
    }
  }
  // The service lists the newest first; of the same age, too.
  const oldestFirst = [...items.values()].reverse().sort((a, b) => (a.created ?? now) - (b.created ?? now));
  return { items: oldestFirst.slice(0, query.limit), complete: complete && oldestFirst.length <= query.limit, now };
}

function list(access: MailboxAccess, filter: string, expand: string, subjects: boolean): Promise<Listed> {
  const select = `id,isDraft,createdDateTime${subjects ? ',subject' : ''}`;
  return listMessages(access, { folder: 'drafts', filter, expand, select, top: pageSize });
}

function filtersFor({ messageClasses }: DraftsQuery): readonly string[] {
  const has = (property: string, condition: string): string =>
    `singleValueExtendedProperties/Any(ep: ep/id eq ${literal(property)} and ${condition})`;
  return [
    has(tagProperty, 'ep/value ne null'),
    ...messageClasses.map((name) => has(classProperty, `startswith(ep/value, ${literal(name)})`)),
  ];
}
