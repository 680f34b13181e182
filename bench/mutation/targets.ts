/** Tests that answer for a file beside the one of its name. */
const more: Readonly<Record<string, readonly string[]>> = {
  'src/spooler/options.ts': ['test/spooler/places.test.ts'],
  'src/spooler/answers.ts': ['test/spooler/places.test.ts'],
  'src/spooler/batch.ts': ['test/spooler/refused.test.ts'],
  'src/spooler/outcome.ts': [
    'test/spooler/probe-outcome.test.ts',
    'test/spooler/copy-after-fault.test.ts',
    'test/spooler/retry.test.ts',
  ],
  'src/spooler/leases.ts': ['test/spooler/retry.test.ts'],
};

/** Sources whose tables are made when first asked for, and kept: a change in one shows only where everything is loaded anew. */
export const madeOnce: readonly string[] = ['src/graph/outcome/error-codes.ts'];

/** The unit tests that answer for a folder or file of `src`, as patterns. */
export function testsOf(target: string): readonly string[] {
  const tests = target.replace(/^src\//, 'test/');
  if (!target.endsWith('.ts')) return [`${tests}/**/*.test.ts`];
  return [tests.replace(/\.ts$/, '.test.ts'), ...(more[target] ?? [])];
}
