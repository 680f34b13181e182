/** The arrows of docs/design-notes.md: index → sender → {gating, classification, spooler} → transport contract ← ews. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: allowed },
});

export default {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-runs-in-browsers',
      comment: 'Only the platform parts may import node: modules.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(spooler/file|spooler/postgres|spooler/sqlite|trace-file|ntlm|testing|cli)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-root-reaches-no-platform',
      comment: 'What index.ts exports loads in a browser.',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { path: '^src/(spooler/file|spooler/postgres|spooler/sqlite|trace-file|ntlm|testing|cli)/', reachable: true },
    },
    only(
      'a-trace-file-is-a-logger',
      '^src/trace-file/',
      '^src/(trace-file|errors)/|^src/(logger|clock)\\.ts$',
      'nothing of the sender',
    ),
    only('gating-is-pure', '^src/gating/', '^src/(gating|errors)/', 'gating knows nothing but errors'),
    only(
      'classification-is-pure',
      '^src/classification/',
      '^src/(classification|errors)/|^src/(transport|address)\\.ts$',
      'pure',
    ),
    only(
      'ews-knows-no-spool',
      '^src/ews/',
      '^src/(ews|errors)/|^src/(transport|clock|logger|utf8-length)\\.ts$',
      'ews fulfils the transport contract only',
    ),
    only(
      'the-adapter-is-a-transport',
      '^src/ews-javascript-api/',
      '^src/(ews-javascript-api|errors)/|^src/ews/(ews-transport|options)\\.ts$|^src/ews/xml/|^src/transport\\.ts$',
      'the EWS transport over the XHR of a service; nothing of the spool',
    ),
    only(
      'ntlm-is-a-login',
      '^src/ntlm/',
      '^src/(ntlm|errors)/|^src/ews/credentials\\.ts$',
      'it fulfils the credentials contract only',
    ),
    only('note-is-pure', '^src/note(-html)?\\.ts$', '^src/errors/|^src/(transport|spooler/storage|note-html)\\.ts$', 'pure'),
    {
      name: 'spooler-knows-no-ews',
      severity: 'error',
      from: { path: '^src/spooler/' },
      to: { path: '^src/(ews|gating|classification|testing|sender)' },
    },
    {
      name: 'nothing-imports-the-face',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/(index|file|indexeddb|sqlite|postgres)\\.ts$' },
    },
    {
      name: 'production-knows-no-testing',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testing/' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'no-dev-dependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, doNotFollow: { path: 'node_modules' } },
};
