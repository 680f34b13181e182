import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'ews-javascript-api': 'src/ews-javascript-api.ts',
    file: 'src/file.ts',
    indexeddb: 'src/indexeddb.ts',
    postgres: 'src/postgres.ts',
    sqlite: 'src/sqlite.ts',
    ntlm: 'src/ntlm.ts',
    testing: 'src/testing.ts',
  },
  format: ['esm', 'cjs'],
  target: 'node22',
  platform: 'neutral',
  external: [/^node:/],
  // Symbol.asyncDispose, for users whose own `lib` is older.
  dts: { banner: '/// <reference lib="esnext.disposable" />' },
  clean: true,
  splitting: true,
  sourcemap: true,
  removeNodeProtocol: false,
});
