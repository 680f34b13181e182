import type { HandleFilter, HandleQuery } from '../admin/filters.ts';
import type { SpoolHandle } from '../admin/spool-handle.ts';
import { OfflineImError } from '../core/errors/offline-im-error.ts';
import type { BulkResult } from '../spool/admin/contract.ts';
import { type Html, html } from './html.ts';
import { searchForm } from './overview.ts';
import { form, hidden, page, timeOf, type View } from './page.ts';

/** The parameters of a filter, as in an address or a form. */
export type FilterWords = Readonly<Partial<Record<'state' | 'mailbox' | 'recipient' | 'code', string>>>;

const names = ['state', 'mailbox', 'recipient', 'code'] as const;

/** Entries on a page. */
const onPage = 50;

export function filterWords(given: URLSearchParams): FilterWords {
  return Object.fromEntries(names.flatMap((name) => (given.get(name) ? [[name, given.get(name)?.trim() ?? '']] : [])));
}

/** Dead letters are an ordinary list, with a button. A search without an index ends with the signal, when the reader is gone. */
export async function messages(view: View, spool: SpoolHandle, query: URLSearchParams, signal: AbortSignal): Promise<Response> {
  const words = filterWords(query);
  const cursor = query.get('cursor') ?? undefined;
  // Checked when read.
  const filter = words as HandleFilter;
  const { entries, cursor: next } = await spool.list({
    ...filter,
    limit: onPage,
    signal,
    ...(cursor === undefined ? {} : { cursor }),
  } as HandleQuery);
  const rows = entries.map(
    ({ id, messageId, state, lane, to, acceptedAt, reason }) => html`<tr>
<th scope="row"><a href="${view.basePath}/message?id=${encodeURIComponent(id)}"><bdi>${messageId}</bdi></a></th>
<td>${state}</td><td><bdi>${lane}</bdi></td><td>${to.map(({ address }) => html`<bdi>${address}</bdi> `)}</td><td>${timeOf(acceptedAt)}</td>
<td>${reason === undefined ? undefined : html`<bdi>${reason.code}: ${shortened(reason.text)}</bdi>`}</td></tr>`,
  );
  const more = new URLSearchParams({ ...words, cursor: next ?? '' });
  const bulk =
    words.state === 'dead' && view.user.mayChange
      ? form(view, '/requeue', hidden({ ...words, state: undefined }), 'Requeue dead messages matching this filter …')
      : undefined;
  const body = html`<section aria-label="Filter">${searchForm(view)}<p>${told(words)}</p>${bulk}</section>
${
  rows.length === 0
    ? html`<p>Nothing was found${next === undefined ? '' : ' so far'}.</p>`
    : html`<table><caption>Messages, unfinished ones first</caption><thead><tr><th scope="col">Message</th><th scope="col">State</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Accepted</th><th scope="col">Reason</th></tr></thead><tbody>${rows}</tbody></table>`
}
${next === undefined ? undefined : html`<p><a href="${view.basePath}/messages?${more.toString()}">More</a></p>`}`;
  return page(view, words.state === 'dead' ? 'Dead letters' : 'Messages', body);
}

/** Shows what a bulk requeue would do. */
export function confirmRequeue(view: View, words: FilterWords, { matched, refused, more }: BulkResult): Response {
  const left = Object.values(refused).reduce((sum, count) => sum + count, 0);
  const body = html`<p>${matched}${more ? ' and more' : ''} dead messages ${told(words)} would be requeued, at the end of the order.</p>
${left === 0 ? undefined : html`<p>${left} more may have been sent, or are not dead, and are left unchanged. Requeue those one by one; they are probed first.</p>`}
${matched === 0 ? undefined : form(view, '/requeue', hidden({ ...words, confirm: 'yes' }), `Requeue ${matched}`)}
<p><a href="${view.basePath}/messages?state=dead">Back to dead messages</a></p>`;
  return page(view, 'Requeue dead messages', body);
}

export function notFound(view: View, id: string): Response {
  return page(
    view,
    'Not found',
    html`<p>No message or entry has the id <bdi>${shortened(id)}</bdi>; it may have been forgotten.</p>`,
    404,
  );
}

/** Shows the library's own errors, which say what to do; others stay hidden. */
export function failed(view: View, error: unknown): Response {
  if (!(error instanceof OfflineImError)) {
    return page(view, 'Action failed', html`<p>The spool could not be read. See the log of the process.</p>`, 500);
  }
  const wrong = ['OPTION_INVALID', 'ADDRESS_INVALID', 'SPOOL_KEY_MISSING'].includes(error.code);
  // Forgotten since the page was rendered.
  const status = error.code === 'ENTRY_UNKNOWN' ? 404 : wrong ? 400 : 500;
  return page(view, 'Action failed', html`<p><bdi>${error.code}: ${error.message}</bdi></p>`, status);
}

function told(words: FilterWords): Html {
  const parts = Object.entries(words);
  return parts.length === 0 ? html`(all)` : html`${parts.map(([name, value]) => html`${name}: <bdi>${value}</bdi> `)}`;
}

function shortened(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
