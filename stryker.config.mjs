/** `npm run mutate -- src/gating`: changes the sources of a folder, one place at a time, and expects a unit test to notice. */
const folders = process.env.MUTATE?.split(',') ?? ['src/gating'];

export default {
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutate.config.ts', related: false },
  mutate: folders.map((folder) => (folder.endsWith('.ts') ? folder : `${folder}/**/*.ts`)),
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20_000,
  ignoreStatic: true,
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, reportTests: false, reportMutants: true },
  jsonReporter: { fileName: '.tmp/mutation.json' },
  tempDirName: '.tmp/stryker',
  ignorePatterns: ['dist', '.tmp', 'bench', 'docs', 'matrix'],
};
