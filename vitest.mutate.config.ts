import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Only the unit tests of the folder that is mutated: in milliseconds, since each of thousands of changes runs them. */
const folders = (process.env.MUTATE ?? 'src/gating').split(',').map((folder) => folder.replace(/^src\//, 'test/'));

export default defineConfig({
  resolve: { alias: [{ find: /^offline-im$/, replacement: fileURLToPath(new URL('./src/index.ts', import.meta.url)) }] },
  test: {
    include: folders.map((folder) => (folder.endsWith('.ts') ? folder.replace(/\.ts$/, '.test.ts') : `${folder}/**/*.test.ts`)),
    testTimeout: 60_000,
    pool: 'forks',
  },
});
