import type { SpoolHandle } from '../admin/spool-handle.ts';
import { confirmRequeue, type FilterWords, filterWords } from './messages.ts';
import { headers, type View } from './page.ts';

interface ActionCall {
  readonly view: View;
  readonly spool: SpoolHandle;
  readonly fields: URLSearchParams;
  /** Signs a sentence that a page shows its user. */
  sign(done: string): Promise<string>;
}

type Action = (call: ActionCall) => Promise<Response>;

/** At most this many dead letters are requeued per press of the button; press again for the rest. */
const atOnce = 1_000;

/** The actions of forms, by path; each needs `mayChange`. */
export const actions: Readonly<Record<string, Action>> = {
  '/pause': async (call) => {
    const { spool, fields } = call;
    const mailbox = given(fields, 'mailbox');
    await spool.pause(mailbox, { why: given(fields, 'why') });
    return done(call, '/', `${mailbox ?? 'Every mailbox'} is paused: every sender stops delivering it by its next poll.`);
  },
  '/resume': async (call) => {
    const { spool, fields } = call;
    const mailbox = given(fields, 'mailbox');
    const was = await spool.resume(mailbox);
    return done(call, '/', was ? `${mailbox ?? 'Every mailbox'} is resumed.` : 'It was not paused.');
  },
  '/retry-now': async (call) => {
    const { spool, fields } = call;
    await spool.retryNow(given(fields, 'mailbox'));
    return done(call, '/', 'Every sender retries what is blocked by its next poll.');
  },
  '/requeue-one': async (call) => {
    const { spool, fields } = call;
    const id = fields.get('id') ?? '';
    const changes = await spool.requeueOne(id);
    return done(call, `/message?id=${encodeURIComponent(id)}`, `${changes.length} requeued.`);
  },
  '/requeue': async (call) => {
    const { spool, fields } = call;
    const words = { ...filterWords(fields), state: 'dead' as const };
    const isConfirmed = fields.get('confirm') === 'yes';
    const result = await spool.requeue({
      ...(words as FilterWords & { state: 'dead'; code?: never }),
      limit: atOnce,
      dryRun: !isConfirmed,
    });
    if (!isConfirmed) return confirmRequeue(call.view, words, result);
    return done(call, '/messages?state=dead', `${result.changes.length} requeued.`);
  },
};

function given(fields: URLSearchParams, name: string): string | undefined {
  const value = fields.get(name)?.trim();
  return value === undefined || value === '' ? undefined : value;
}

/** Redirects to another page, so that a reload doesn't repeat the action. */
async function done({ view, sign }: ActionCall, to: string, what: string): Promise<Response> {
  const query = new URLSearchParams({ done: what, by: await sign(what) });
  const location = `${view.basePath}${to}${to.includes('?') ? '&' : '?'}${query}`;
  return new Response(null, { status: 303, headers: { ...headers, location } });
}
