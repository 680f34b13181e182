import { cellsOf, columns, type Row, verdict, whysOf } from '../table.ts';

/** What one bench gave. */
export interface Measured {
  readonly name: string;
  readonly rows: readonly Row[];
  /** It ended with an error, or gave no figure. */
  readonly failed: boolean;
}

/** Under which it was measured. */
export interface Conditions {
  readonly machine: string;
  readonly versions: string;
  /** A sentence on what else the machine did. */
  readonly load: string;
  readonly day: string;
  readonly minutes: number;
}

/** docs/benchmarks.md. */
export function pageOf(measured: readonly Measured[], { machine, versions, load, day, minutes }: Conditions): string {
  const rows = measured.flatMap((one) => one.rows);
  const missed = rows.filter((row) => verdict(row)[1] === 'MISSED').length;
  const goals = rows.filter(({ goal }) => goal !== undefined).length;
  return `# Benchmarks

One run of \`npm run bench -- --write\` on ${day}, ${minutes} minutes long. Figures are medians of rounds in which both sides take turns, in the same run on the same machine.
*reached* is the median of the ratios of all rounds, *spread* their minimum and maximum. Compare ratios, not figures: they depend less on the machine. ${goals} lines have a goal; ${missed} miss it.

- Machine: ${machine}. ${load}
- Versions: ${versions}

![Each line relative to its goal](benchmarks.svg)

To repeat it: clone, \`npm ci\`, \`npm run bench\` on an otherwise idle machine. \`npm run bench -- ews import\` runs only those two. \`OFFLINE_IM_BENCH_ROUNDS\` and \`OFFLINE_IM_BENCH_NOTES\` make it shorter, and less accurate.

${measured.map(sectionOf).join('\n')}`;
}

function sectionOf({ name, rows, failed }: Measured): string {
  const lines = rows.map((row) => cellsOf(row).map(cell).join(' | '));
  const table = [`| ${columns.join(' | ')} |`, `|${'---|'.repeat(columns.length)}`, ...lines.map((line) => `| ${line} |`)];
  const whys = whysOf(rows);
  if (whys.length > 0) table.push('', 'Missed goals, and why:', '', ...whys);
  const end = failed ? ['', 'This bench ended with an error: the table is incomplete.'] : [];
  return [`## ${name}`, '', ...table, ...end, ''].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

const line = 22;
const left = 420;
/** Of a goal that is just reached. */
const unit = 160;
/** Goals that are surpassed by more are cut there. */
const most = 2;

/** A bar for each line with a goal: how far it came, the goal being 1. */
export function plotOf(measured: readonly Measured[]): string {
  const bars = measured.flatMap(({ name, rows }) =>
    rows.flatMap((row) => {
      const share = shareOf(row);
      return share === undefined ? [] : [{ label: `${name}: ${row.what}`, share }];
    }),
  );
  const [width, height] = [left + most * unit + 60, line * (bars.length + 2)];
  const drawn = bars.map(({ label, share }, at) => {
    const y = line * (at + 1);
    const length = (unit * Math.min(share, most)).toFixed(1);
    return [
      `<text x="${left - 8}" y="${y + 15}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${left}" y="${y + 3}" width="${length}" height="${line - 6}" fill="${share >= 1 ? '#2e7d32' : '#c62828'}"/>`,
      `<text x="${left + Number(length) + 6}" y="${y + 15}">${share.toFixed(2)}</text>`,
    ].join('');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" role="img">`,
    '<title>Each line relative to its goal of 1</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...drawn,
    `<line x1="${left + unit}" x2="${left + unit}" y1="${line}" y2="${height - line}" stroke="#333" stroke-dasharray="4 3"/>`,
    `<text x="${left + unit}" y="15" text-anchor="middle">goal</text>`,
    '</svg>',
    '',
  ].join('\n');
}

function shareOf({ reached, goal }: Row): number | undefined {
  if (reached === undefined || goal === undefined || !Number.isFinite(reached)) return undefined;
  if ('atLeast' in goal) return reached / goal.atLeast;
  return reached <= 0 ? most : goal.atMost / reached;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
