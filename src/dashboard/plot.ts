import { type SpoolState, spoolStates } from '../spool/contract.ts';
import type { Sample } from './history.ts';
import { type Html, html } from './html.ts';

const width = 600;
const height = 120;

/** States that wait or need someone; ended ones only grow. */
const drawn = ['spooled', 'deferred', 'delivering', 'unconfirmed', 'held', 'dead'] as const satisfies readonly SpoolState[];

/** A line per state over time. The table beside it has the numbers. */
export function plotOf(samples: readonly Sample[]): Html {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return html`<p>No data yet.</p>`;
  const top = Math.max(1, ...samples.flatMap(({ states }) => drawn.map((state) => states[state])));
  const span = Math.max(1, last.at - first.at);
  const lines = drawn.map((state) => {
    const points = samples.map(({ at, states }) => {
      const x = ((at - first.at) / span) * width;
      return `${x.toFixed(1)},${(height - (states[state] / top) * height).toFixed(1)}`;
    });
    return html`<polyline class="line ${state}" points="${points.join(' ')}"/>`;
  });
  return html`<figure>
<svg id="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="Entries by state over the last hour; at most ${top}" preserveAspectRatio="none">${lines}</svg>
<figcaption>${drawn.map((state) => html`<span class="key ${state}">${state}</span> `)} since <time datetime="${iso(first.at)}">${iso(first.at)}</time>, at most <span id="top">${top}</span></figcaption>
</figure>`;
}

/** The data that a page's script needs to go on drawing. */
export const drawnIndexes = drawn.map((state) => spoolStates.indexOf(state));

function iso(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
