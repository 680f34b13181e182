import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';

/** One change of one place. Plain data: it is handed to the process that runs the tests. */
export interface Mutant {
  readonly id: string;
  /** Below the root of the project. */
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly was: string;
  readonly becomes: string;
}

/** Sources in which every change is present, and switched off until `__stryker__.activeMutant` names it. */
export interface Instrumented {
  readonly sources: ReadonlyMap<string, string>;
  readonly mutants: readonly Mutant[];
}

const silent = new Proxy({}, { get: () => () => false }) as ConstructorParameters<typeof Instrumenter>[0];

/** The sources of a folder, or one file, with all changes that Stryker knows. */
export async function instrument(root: string, target: string): Promise<Instrumented> {
  const names = target.endsWith('.ts') ? [target] : globSync(`${target}/**/*.ts`, { cwd: root }).sort();
  const files = names.map((name) => ({ name: join(root, name), mutate: true, content: readFileSync(join(root, name), 'utf8') }));
  const options = { plugins: null, excludedMutations: [], ignorers: [], noHeader: false };
  const { files: sources, mutants } = await new Instrumenter(silent).instrument(files, options);
  const before = new Map(files.map(({ name, content }) => [name, content.split('\n')]));
  return {
    sources: new Map(sources.map(({ name, content }) => [name, content])),
    mutants: mutants.map(({ id, fileName, mutatorName, replacement, location: { start, end } }) => {
      const lines = (before.get(fileName) ?? []).slice(start.line, end.line + 1);
      const [first = ''] = lines;
      const was = lines.length === 1 ? first.slice(start.column, end.column) : `${first.slice(start.column)} …`;
      return { id, file: fileName.slice(root.length + 1), line: start.line + 1, kind: mutatorName, was, becomes: replacement };
    }),
  };
}

/** Names a change in other words than its line, which moves with what is written above it. */
export function placeOf({ file, kind, was, becomes }: Omit<Mutant, 'id' | 'line'>): string {
  return JSON.stringify([file, kind, was, becomes]);
}

/** The changes that no test noticed, according to the report of an earlier run. */
export function unnoticedIn(report: string): ReadonlySet<string> {
  const lines = readFileSync(report, 'utf8').trim().split('\n');
  const results = lines.map((line) => JSON.parse(line) as Mutant & { readonly status?: string });
  return new Set(results.filter(({ status }) => status === 'survived' || status === 'not covered').map(placeOf));
}
