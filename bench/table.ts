import { appendFileSync } from 'node:fs';

/** What a bench prints: figures beside what they are measured against, and whether the goal is reached. Nothing fails by them. */
export interface Row {
  readonly what: string;
  /** With its unit. */
  readonly figure: string;
  /** What it is compared with, with its own figure. @default nothing */
  readonly against?: string;
  /** What the goal is about. */
  readonly reached?: number;
  readonly goal?: Goal;
}

export type Goal = { readonly atLeast: number } | { readonly atMost: number };

/** How far it came, the goal, and the verdict; empty where there is none. */
export function verdict({ reached, goal }: Row): readonly [string, string, string] {
  const shown = reached === undefined ? '' : reached.toFixed(2);
  if (reached === undefined || goal === undefined) return [shown, '', ''];
  const [sign, limit] = 'atLeast' in goal ? ['>=', goal.atLeast] : ['<=', goal.atMost];
  const isReached = 'atLeast' in goal ? reached >= limit : reached <= limit;
  return [shown, `${sign} ${limit}`, isReached ? 'reached' : 'MISSED'];
}

/** Prints them; for `npm run bench`, which collects the rows of all benches, into the file that it names as well. */
export function printTable(rows: readonly Row[]): void {
  const collected = process.env.OFFLINE_IM_BENCH_ROWS;
  if (collected !== undefined) appendFileSync(collected, `${JSON.stringify(rows)}\n`);
  const cells = [
    ['what', 'figure', 'against', 'reached', 'goal', 'verdict'],
    ...rows.map((row) => [row.what, row.figure, row.against ?? '', ...verdict(row)]),
  ];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of cells) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

export function rate(perSecond: number): string {
  return `${perSecond.toFixed(0)}/s`;
}
