// `test` and `expect` are globals, as Jest has them: both run the same file.
export default { test: { globals: true, include: ['*.test.mjs'] } };
