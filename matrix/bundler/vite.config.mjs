export default {
  build: { target: 'esnext', outDir: 'out', lib: { entry: 'main.js', formats: ['es'], fileName: () => 'main.mjs' } },
};
