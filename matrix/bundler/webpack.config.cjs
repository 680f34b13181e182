module.exports = {
  mode: 'production',
  target: ['web', 'es2022'],
  entry: './main.js',
  experiments: { outputModule: true },
  output: { path: `${__dirname}/out`, filename: 'main.mjs', module: true, chunkFormat: 'module' },
};
