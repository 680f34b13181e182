import type { HandleLane, HandleStats } from '../admin/reports.ts';
import type { SpoolHandle } from '../admin/spool-handle.ts';
import { type SpoolState, spoolStates } from '../spool/contract.ts';
import type { History } from './history.ts';
import { type Html, html } from './html.ts';
import { form, hidden, page, timeOf, type View } from './page.ts';
import { plotOf } from './plot.ts';

/** Mailboxes on the page, those with obstacles first. */
const mostLanes = 100;

/** States, waiting messages by mailbox with reasons, and pauses. */
export async function overview(view: View, spool: SpoolHandle, history: History): Promise<Response> {
  const [now, { paused }, report] = await Promise.all([history.now(), spool.stats(), spool.lanes()]);
  const obstacles = report.reports.flatMap(({ obstacles: all }) => all);
  const all = paused.find(({ lane }) => lane === undefined);
  const pausedLanes = new Map(paused.map((one) => [one.lane, one]));
  const byLane = Map.groupBy(
    obstacles.flatMap((one) => one.lanes.map((lane) => ({ ...one, lane }))),
    ({ lane }) => lane,
  );
  const weight = ({ lane, states }: HandleLane): number =>
    (byLane.has(lane) || pausedLanes.has(lane) ? 1e12 : 0) + Object.values(states).reduce((sum, count) => sum + count, 0);
  const lanes = [...report.lanes].sort((a, b) => weight(b) - weight(a) || a.oldest.getTime() - b.oldest.getTime());
  const rows = lanes.slice(0, mostLanes).map(({ lane, states, oldest }) => {
    const pause = pausedLanes.get(lane) ?? all;
    const reasons = byLane.get(lane) ?? [];
    return html`<tr>
<th scope="row"><a href="${view.basePath}/messages?mailbox=${encodeURIComponent(lane)}"><bdi>${lane}</bdi></a></th>
<td>${statesOf(states)}</td>
<td>${timeOf(oldest)}</td>
<td>${pause === undefined ? undefined : html`paused by <bdi>${pause.by}</bdi>${pause.why === undefined ? '' : html`: <bdi>${pause.why}</bdi>`} `}${reasons.map(
      ({ kind, reason, nextTrialAt }) =>
        html`${kind}: <bdi>${reason.code} ${reason.text}</bdi>, next attempt at ${timeOf(nextTrialAt)} `,
    )}</td>
<td>${view.user.mayChange ? pauseForm(view, lane, pausedLanes.has(lane)) : undefined}</td>
</tr>`;
  });
  const body = html`<section aria-labelledby="states"><h2 id="states">States</h2>
<div id="live" data-events="${view.basePath}/events">
<table><caption>Entries by state</caption><thead><tr>${spoolStates.map((state) => html`<th scope="col">${state}</th>`)}</tr></thead>
<tbody><tr>${spoolStates.map((state) => html`<td data-state="${state}"><a href="${view.basePath}/messages?state=${state}">${now.states[state]}</a></td>`)}</tr></tbody></table>
${plotOf([...history.samples, now])}
</div></section>
<section aria-labelledby="search"><h2 id="search">Search</h2>${searchForm(view)}</section>
<section aria-labelledby="lanes"><h2 id="lanes">Mailboxes</h2>
${everyMailbox(view, paused)}
${
  rows.length === 0
    ? html`<p>Nothing waits.</p>`
    : html`<table><caption>Waiting messages by sender's mailbox, and why they wait</caption><thead><tr><th scope="col">Mailbox</th><th scope="col">Entries</th><th scope="col">Oldest</th><th scope="col">Why it waits</th><th scope="col">Change</th></tr></thead><tbody>${rows}</tbody></table>`
}
${lanes.length <= mostLanes ? undefined : html`<p>${lanes.length - mostLanes} more mailboxes have waiting messages: fewer, or with no known obstacle. Use the search to find them.</p>`}</section>`;
  return page(view, 'Overview', body);
}

export function searchForm({ basePath }: View): Html {
  return html`<form method="get" action="${basePath}/find" role="search"><label>Id of a message or entry <input name="id" required maxlength="300" dir="auto"></label><button>Find</button></form>
<form method="get" action="${basePath}/messages"><label>Recipient <input name="recipient" maxlength="320" dir="auto"></label> <label>Sender's mailbox <input name="mailbox" maxlength="320" dir="auto"></label> <label>Code <input name="code" maxlength="64"></label> <label>State <select name="state"><option value="">any</option>${spoolStates.map((state) => html`<option>${state}</option>`)}</select></label><button>List</button></form>`;
}

function everyMailbox(view: View, paused: HandleStats['paused']): Html {
  const all = paused.find(({ lane }) => lane === undefined);
  const told =
    all === undefined
      ? html`<p>Delivery is not paused for all mailboxes.</p>`
      : html`<p class="warn">Every mailbox has been paused since ${timeOf(all.since)} by <bdi>${all.by}</bdi>${all.why === undefined ? '' : html`: <bdi>${all.why}</bdi>`}.</p>`;
  if (!view.user.mayChange) return told;
  return html`${told}${pauseForm(view, undefined, all !== undefined)}${form(view, '/retry-now', html``, 'Retry blocked mailboxes now')}`;
}

function pauseForm(view: View, lane: string | undefined, isPaused: boolean): Html {
  const whose = lane === undefined ? 'every mailbox' : lane;
  if (isPaused) return form(view, '/resume', hidden({ mailbox: lane }), `Resume ${whose}`);
  const why = html`<label>Why <input name="why" maxlength="300" dir="auto"></label>`;
  return form(view, '/pause', html`${hidden({ mailbox: lane })}${why}`, `Pause ${whose}`);
}

function statesOf(states: Readonly<Partial<Record<SpoolState, number>>>): string {
  return Object.entries(states)
    .map(([state, count]) => `${state} ${count}`)
    .join(', ');
}
