import { expect, it } from 'vitest';
import { type Conditions, type Measured, pageOf, plotOf } from '../../bench/report/page.ts';
import { type Row, whysOf } from '../../bench/table.ts';

const measured: readonly Measured[] = [
  {
    name: 'ews',
    failed: false,
    rows: [
      {
        what: 'by 50 <fast>',
        figure: '40000/s',
        against: 'the library (8000/s)',
        reached: 5,
        spread: [4.5, 5.25],
        goal: { atLeast: 2.5 },
        why: 'the XML',
      },
      { what: 'single', figure: '2000/s', reached: 1.2, goal: { atLeast: 1.6 }, why: 'the wire' },
      { what: 'memory', figure: '10 MB' },
    ],
  },
  {
    name: 'import',
    failed: true,
    rows: [{ what: 'the root', figure: '20.0 ms', reached: 0.25, goal: { atMost: 0.5 }, why: 'files' }],
  },
];

const conditions: Conditions = {
  machine: '2 × a processor',
  versions: 'Node 24',
  load: 'Nothing else ran.',
  day: '2026-01-01',
  minutes: 20,
};

it('the page shows every line with its counterpart, goal and verdict, and counts the missed goals', () => {
  const page = pageOf(measured, conditions);
  expect(page).toContain('3 lines have a goal; 1 miss it.');
  expect(page).toContain('| by 50 &lt;fast> | 40000/s | the library (8000/s) | 5.00 | 4.50 to 5.25 | >= 2.5 | reached |');
  expect(page).toContain('| single | 2000/s |  | 1.20 |  | >= 1.6 | MISSED |');
  expect(page).toContain('| memory | 10 MB |  |  |  |  |  |');
  expect(page).toContain('- single: the wire');
  expect(page).not.toContain('the XML');
  expect(page).toContain('2 × a processor. Nothing else ran.');
});

it('the page says which bench has incomplete figures', () => {
  const [, ews = '', last = ''] = pageOf(measured, conditions).split('\n## ');
  expect(ews).not.toContain('ended with an error');
  expect(last).toContain('ended with an error');
});

it('every line with a goal states why it may be missed', () => {
  // @ts-expect-error The types of a line require it.
  const unreasoned: Row = { what: 'single', figure: '2000/s', reached: 1, goal: { atLeast: 2 } };
  const reasoned: Row = { ...unreasoned, goal: { atLeast: 2 }, why: 'the wire' };
  expect(whysOf([reasoned, { ...reasoned, reached: 3 }])).toEqual(['- single: the wire']);
});

it('the plot has a bar for each line with a goal, showing how far it got', () => {
  const plot = plotOf(measured);
  expect(plot).toContain('by 50 &lt;fast&gt;');
  expect(
    [...plot.matchAll(/<rect [^>]*y="\d+" width="([\d.]+)"[^>]*fill="(#\w+)"/g)].map(([, width, fill]) => [width, fill]),
  ).toEqual([
    ['320.0', '#2e7d32'],
    ['120.0', '#c62828'],
    ['320.0', '#2e7d32'],
  ]);
});
