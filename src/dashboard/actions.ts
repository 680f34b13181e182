import type { SpoolHandle } from '../admin/spool-handle.ts';
import { confirmRequeue, type FilterWords, filterWords } from './messages.ts';
import { headers, type View } from './page.ts';

type Action = (call: { readonly view: View; readonly spool: SpoolHandle; readonly fields: URLSearchParams }) => Promise<Response>;

/** Dead letters that one press of a button requeues at most; the next press takes the rest. */
const atOnce = 1_000;

/** What a form may do, by its path; each needs `mayChange`. */
export const actions: Readonly<Record<string, Action>> = {
  '/pause': async ({ view, spool, fields }) => {
    const mailbox = given(fields, 'mailbox');
    await spool.pause(mailbox, { why: given(fields, 'why') });
    return done(
      view,
      '/',
      `${mailbox ?? 'Every mailbox'} is paused: each sender delivers nothing of it from its next poll on, at the latest.`,
    );
  },
  '/resume': async ({ view, spool, fields }) => {
    const mailbox = given(fields, 'mailbox');
    const was = await spool.resume(mailbox);
    return done(view, '/', was ? `${mailbox ?? 'Every mailbox'} goes on.` : 'There was no such pause.');
  },
  '/retry-now': async ({ view, spool, fields }) => {
    await spool.retryNow(given(fields, 'mailbox'));
    return done(view, '/', 'Each sender tries what is blocked at its next poll, at the latest.');
  },
  '/requeue-one': async ({ view, spool, fields }) => {
    const id = fields.get('id') ?? '';
    const changes = await spool.requeueOne(id);
    return done(view, `/message?id=${encodeURIComponent(id)}`, `${changes.length} requeued.`);
  },
  '/requeue': async ({ view, spool, fields }) => {
    const words = { ...filterWords(fields), state: 'dead' as const };
    const isConfirmed = fields.get('confirm') === 'yes';
    const result = await spool.requeue({
      ...(words as FilterWords & { state: 'dead'; code?: never }),
      limit: atOnce,
      dryRun: !isConfirmed,
    });
    if (!isConfirmed) return confirmRequeue(view, words, result);
    return done(view, '/messages?state=dead', `${result.changes.length} requeued.`);
  },
};

function given(fields: URLSearchParams, name: string): string | undefined {
  const value = fields.get(name)?.trim();
  return value === undefined || value === '' ? undefined : value;
}

/** To a page of its own, so that a reload does nothing twice. */
function done({ basePath }: View, to: string, what: string): Response {
  const location = `${basePath}${to}${to.includes('?') ? '&' : '?'}done=${encodeURIComponent(what)}`;
  return new Response(null, { status: 303, headers: { ...headers, location } });
}
