import { type Figure, isRight } from './figures.ts';
import type { NoteWay } from './found.ts';
import { paint } from './paint.ts';

/** The table at the end: a line a figure, wrong ones marked. */
export function tableOf(figures: readonly Figure[]): readonly string[] {
  const width = Math.max(...figures.map(({ name }) => name.length));
  const row = (name: string, implied: string, found: string): string =>
    `  ${name.padEnd(width)}  ${implied.padStart(8)}  ${found.padStart(5)}`;
  return [
    paint('bold', row('', 'expected', 'found')),
    ...figures.map((figure) => {
      const line = row(figure.name, String(figure.expected), String(figure.found));
      return isRight(figure) ? `${line}  ${paint('green', 'ok')}` : paint('red', `${line}  WRONG`);
    }),
  ];
}

/** Which way each note took, by sender. */
export function wayTable(ways: readonly NoteWay[]): readonly string[] {
  const rows = ways.map(({ from, to, messageIds, way }) => [from, to.join(', '), way, messageIds.join(', ')] as const);
  const width = (column: 0 | 1): number => Math.max(0, ...rows.map((row) => row[column].length));
  const [first, second] = [width(0), width(1)];
  return [
    paint('bold', `  ${'notes of'.padEnd(first)}  ${'to'.padEnd(second)}  way    messages`),
    ...rows.map(([from, to, way, ids]) => `  ${from.padEnd(first)}  ${to.padEnd(second)}  ${way.padEnd(5)}  ${ids}`),
  ];
}

/** A line for each figure that is not what the data implies, with up to ten details. */
export function complaintsAbout(figures: readonly Figure[]): readonly string[] {
  return figures
    .filter((figure) => !isRight(figure))
    .map(({ name, expected, found, details }) => {
      const more = details.length > 10 ? [`and ${details.length - 10} more`] : [];
      const why = details.length === 0 ? '' : ` (${[...details.slice(0, 10), ...more].join('; ')})`;
      return `${name.trim()}: expected ${expected}, found ${found}${why}`;
    });
}
