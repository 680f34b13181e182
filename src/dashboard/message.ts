import type { Explanation } from '../admin/explain.ts';
import type { SpoolHandle } from '../admin/spool-handle.ts';
import type { MessageEntry } from '../sender/status.ts';
import { type Html, html } from './html.ts';
import { notFound } from './messages.ts';
import { form, hidden, page, timeOf, type View } from './page.ts';

/** One message's history, and its text on request. */
export async function message(view: View, spool: SpoolHandle, id: string, withText: boolean): Promise<Response> {
  const entries = await spool.get(id);
  if (entries.length === 0) return notFound(view, id);
  if (withText) await spool.noteReading();
  const explained = await spool.explain(id);
  const parts = entries.map((entry) => {
    const explanation = explained.find((one) => one.id === entry.id);
    return html`<section aria-labelledby="entry-${entry.id}"><h2 id="entry-${entry.id}"><bdi>${entry.messageId}</bdi>: ${entry.state}</h2>
${explanation === undefined ? undefined : html`<p><bdi>${explanation.sentence}</bdi></p><p><strong>What to do:</strong> <bdi>${explanation.advice}</bdi></p>`}
<dl><dt>From</dt><dd><bdi>${entry.lane}</bdi></dd><dt>To</dt><dd>${entry.to.map(({ address }) => html`<bdi>${address}</bdi> `)}</dd><dt>Entry</dt><dd><bdi>${entry.id}</bdi></dd>${
      entry.noteId === undefined ? undefined : html`<dt>Note</dt><dd><bdi>${entry.noteId}</bdi></dd>`
    }</dl>
<h3>Timeline</h3>${timeline(entry, explanation)}
<h3>Text</h3>${textOf(view, entry, id, withText)}
${entry.state === 'dead' && view.user.mayChange ? form(view, '/requeue-one', hidden({ id: entry.id }), entry.unknownAttempts.length === 0 ? 'Requeue' : 'Requeue: it is probed first') : undefined}
</section>`;
  });
  return page(view, 'Message', html`${parts}`);
}

function timeline(entry: MessageEntry, explanation: Explanation | undefined): Html {
  const steps: (readonly [Date | undefined, string])[] = [
    [entry.acceptedAt, 'accepted'],
    [entry.pickupAt, 'its two minutes end'],
  ];
  if (entry.attempt > 0) {
    const unknown = entry.unknownAttempts.length;
    const doubt = unknown === 0 ? '' : `; ${unknown} of them may have been sent`;
    steps.push([undefined, `attempts of its note: ${entry.attempt}${doubt}`]);
  }
  if (entry.reason !== undefined) steps.push([undefined, `${entry.reason.code}: ${entry.reason.text}`]);
  if (entry.endedAt === undefined) {
    steps.push([
      explanation?.nextAt,
      `next step${explanation?.waitingFor === undefined ? '' : ` (waits for: ${explanation.waitingFor})`}`,
    ]);
    if (entry.expiresAt !== undefined) steps.push([entry.expiresAt, 'expires']);
  } else steps.push([entry.endedAt, entry.state]);
  return html`<ol class="timeline">${steps.map(([at, what]) => html`<li>${at === undefined ? undefined : html`${timeOf(at)} `}<bdi>${what}</bdi></li>`)}</ol>`;
}

function textOf(view: View, { message: kept, id }: MessageEntry, asked: string, withText: boolean): Html {
  if (kept === undefined) return html`<p>Gone: the text of an ended message is not kept, or its key is missing.</p>`;
  if (isSealed(kept.text)) return html`<p>Sealed: this dashboard has no keys.</p>`;
  if (!view.user.mayReadText) return html`<p>Hidden: you are not allowed to read it.</p>`;
  if (!withText) return form(view, '/text', hidden({ id: asked === id ? id : asked }), 'Show text (audited)');
  return html`<pre dir="auto" tabindex="0" aria-label="Text of the message">${kept.text}</pre>${
    kept.html === undefined
      ? undefined
      : html`<p>Its HTML, as source:</p><pre dir="auto" tabindex="0" aria-label="HTML of the message">${kept.html}</pre>`
  }`;
}

/** The prefix that `sealed()` writes: no opened text begins with it by accident. */
function isSealed(text: string): boolean {
  return /^sealed[1-9]\d{0,3}\.[^.]+\.[\w-]+\.[\w-]+$/.test(text);
}
