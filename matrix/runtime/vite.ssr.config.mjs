export default {
  ssr: { noExternal: true },
  build: { rollupOptions: { external: [/^node:/], output: { entryFileNames: '[name].mjs' } } },
};
