import { appendFileSync } from 'node:fs';

/** What a bench prints: figures beside what they are measured against, and whether the goal is reached. Nothing fails by them. */
export type Row = Figure & (WithGoal | { readonly goal?: undefined });

interface WithGoal {
  /** What `reached` is to be. */
  readonly goal: Goal;
  /** Why it ends where it does: said where the goal is missed, so there before it ever is. */
  readonly why: string;
}

interface Figure {
  readonly what: string;
  /** With its unit. */
  readonly figure: string;
  /** What it is compared with, with its own figure. @default nothing */
  readonly against?: string;
  readonly reached?: number;
  /** Of `reached`, over the rounds. @default there was one */
  readonly spread?: Spread;
}

/** For a row of which some have a goal. */
export function aim(goal: Goal | undefined, why: string): WithGoal | { readonly goal?: undefined } {
  return goal === undefined ? {} : { goal, why };
}

export type Spread = readonly [least: number, most: number];

export type Goal = { readonly atLeast: number } | { readonly atMost: number };

export const columns = ['what', 'figure', 'against', 'reached', 'spread', 'goal', 'verdict'] as const;

export function cellsOf(row: Row): readonly string[] {
  const { what, figure, against = '', reached, spread } = row;
  const shown = reached === undefined ? '' : reached.toFixed(2);
  const between = spread === undefined ? '' : spread.map((one) => one.toFixed(2)).join(' to ');
  return [what, figure, against, shown, between, ...verdict(row)];
}

/** The goal, and whether it is reached; empty where there is none. */
export function verdict({ reached, goal }: Row): readonly [goal: string, verdict: string] {
  if (reached === undefined || goal === undefined) return ['', ''];
  const [sign, limit] = 'atLeast' in goal ? ['>=', goal.atLeast] : ['<=', goal.atMost];
  const isReached = 'atLeast' in goal ? reached >= limit : reached <= limit;
  return [`${sign} ${limit}`, isReached ? 'reached' : 'MISSED'];
}

/** Prints them; for `npm run bench`, which collects the rows of all benches, into the file that it names as well. */
export function printTable(rows: readonly Row[]): void {
  const collected = process.env.OFFLINE_IM_BENCH_ROWS;
  if (collected !== undefined) appendFileSync(collected, `${JSON.stringify(rows)}\n`);
  const cells = [columns, ...rows.map(cellsOf)];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? [];
  for (const line of cells) {
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** A line for each goal that is missed. */
export function whysOf(rows: readonly Row[]): readonly string[] {
  return rows.flatMap((row) => (row.goal !== undefined && verdict(row)[1] === 'MISSED' ? [`- ${row.what}: ${row.why}`] : []));
}

export function rate(perSecond: number): string {
  return `${perSecond.toFixed(0)}/s`;
}
