import { drawnIndexes } from './plot.ts';

/**
 * Keeps the overview up to date: sets numbers and lines in place, so that an open page doesn't grow. Without it the page stays as loaded.
 */
export const script = `'use strict';
(() => {
  const live = document.getElementById('live');
  if (live === null) return;
  const cells = [...live.querySelectorAll('[data-state] a')];
  const lines = [...live.querySelectorAll('polyline')];
  const top = document.getElementById('top');
  const drawn = ${JSON.stringify(drawnIndexes)};
  const most = 360;
  const samples = [];
  const draw = () => {
    const first = samples[0].at;
    const span = Math.max(1, samples[samples.length - 1].at - first);
    let high = 1;
    for (const { numbers } of samples) for (const index of drawn) if (numbers[index] > high) high = numbers[index];
    lines.forEach((line, at) => {
      line.setAttribute('points', samples.map((one) =>
        (((one.at - first) / span) * 600).toFixed(1) + ',' + (120 - (one.numbers[drawn[at]] / high) * 120).toFixed(1)).join(' '));
    });
    if (top !== null) top.textContent = String(high);
  };
  const source = new EventSource(live.dataset.events);
  source.onmessage = ({ data }) => {
    const sample = JSON.parse(data);
    if (samples.length > 0 && samples[samples.length - 1].at >= sample.at) return;
    samples.push(sample);
    if (samples.length > most) samples.shift();
    cells.forEach((cell, index) => {
      const text = String(sample.numbers[index]);
      if (cell.textContent !== text) cell.textContent = text;
    });
    live.dataset.seen = String(Number(live.dataset.seen || 0) + 1);
    if (samples.length > 1) draw();
  };
  addEventListener('pagehide', () => source.close());
})();
`;

/** Colours have a contrast of 4.5 : 1 or more in light and in dark. */
export const style = `:root { color-scheme: light dark; --text: #1a1a1a; --ground: #ffffff; --soft: #f2f2f2; --line: #767676; --link: #0b57a4; --warn: #8a1c00;
  --spooled: #0b57a4; --deferred: #8a5a00; --delivering: #1b6e3c; --unconfirmed: #7a2a9c; --held: #4d4d4d; --dead: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #ececec; --ground: #141414; --soft: #242424; --line: #8f8f8f; --link: #8ab8ff; --warn: #ffb4a3;
  --spooled: #8ab8ff; --deferred: #ffc56b; --delivering: #7fd6a0; --unconfirmed: #dba6f5; --held: #c4c4c4; --dead: #ff9a91; } }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); }
header { display: flex; flex-wrap: wrap; gap: .5rem 2rem; justify-content: space-between; padding: .75rem 1.5rem; background: var(--soft); border-block-end: 1px solid var(--line); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
main { padding: 1rem 1.5rem; max-width: 80rem; }
main:focus { outline: none; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; inset-inline-start: -100vw; }
.skip:focus { inset-inline-start: 1rem; top: .5rem; padding: .5rem; background: var(--ground); z-index: 1; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-block: 1.5rem .5rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; max-width: 100%; }
caption { text-align: start; padding-block-end: .25rem; }
th, td { padding: .35rem .6rem; border: 1px solid var(--line); text-align: start; vertical-align: top; }
thead th { background: var(--soft); }
form { display: inline-flex; flex-wrap: wrap; gap: .4rem; align-items: end; margin-block: .25rem; margin-inline-end: .75rem; }
label { display: inline-flex; flex-direction: column; font-size: .9rem; }
input, select, button { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: .25rem; padding: .3rem .6rem; min-height: 2rem; }
button { background: var(--soft); cursor: pointer; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem; background: var(--soft); border: 1px solid var(--line); max-height: 30rem; overflow: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; } dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1rem 0; } svg { width: 100%; height: 8rem; background: var(--soft); border: 1px solid var(--line); }
.line { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; }
.key::before { content: ''; display: inline-block; inline-size: 1rem; border-block-start: 3px solid; vertical-align: middle; margin-inline-end: .3rem; }
${['spooled', 'deferred', 'delivering', 'unconfirmed', 'held', 'dead']
  .map((state) => `.line.${state} { stroke: var(--${state}); } .key.${state} { color: var(--${state}); }`)
  .join('\n')}
.warn { color: var(--warn); font-weight: bold; }
.done { border-inline-start: 4px solid var(--delivering); padding-inline-start: .75rem; }
.timeline li { margin-block-end: .25rem; overflow-wrap: anywhere; }
@media (prefers-reduced-motion: no-preference) { a, button { transition: background-color .1s; } }
`;
