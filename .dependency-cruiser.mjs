/** The arrows of docs/architecture.md: entries → sender → {gating, classification, message, spooler} → {spool, transport contracts} → core. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: allowed },
});

/** The rooms that may import node: modules; everything else also runs in browsers. */
const platform =
  '^src/(spool/(file|postgres|sqlite|disk)|observability/(trace-file|trace-file-options|trace-record|rotating-file)\\.ts|ews/auth/ntlm|testing|admin|cli)';

export default {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'core-runs-in-browsers',
      comment: 'Only the platform rooms may import node: modules.',
      severity: 'error',
      from: { path: '^src/', pathNot: platform },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'the-root-reaches-no-platform',
      comment: 'What index.ts exports loads in a browser.',
      severity: 'error',
      from: { path: '^src/index\\.ts$' },
      to: { path: platform, reachable: true },
    },
    {
      name: 'entries-are-only-entered',
      comment: 'The files that lie in src itself re-export; nothing imports them.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    only('core-imports-nothing', '^src/core/', '^src/core/', 'the core knows no room'),
    only('gating-is-pure', '^src/gating/', '^src/(gating|core)/', 'gating knows nothing but the core'),
    only(
      'classification-is-pure',
      '^src/classification/',
      '^src/(classification|core)/|^src/transport/contract\\.ts$|^src/message/address\\.ts$',
      'audience and message class are functions of addresses',
    ),
    only(
      'a-message-is-pure',
      '^src/message/',
      '^src/(message|core|classification)/|^src/(transport|spool)/contract\\.ts$',
      'messages and notes know the contracts only',
    ),
    only(
      'a-trace-file-is-a-logger',
      '^src/observability/(trace-file|trace-file-options|trace-record|rotating-file)\\.ts$',
      '^src/(core|observability)/',
      'nothing of the sender',
    ),
    only(
      'contracts-know-the-core-only',
      '^src/(spool/(entry|admin/contract|contract)|transport/contract)\\.ts$',
      '^src/core/|^src/(spool/(entry|admin/contract|contract)|transport/contract)\\.ts$',
      'types',
    ),
    only(
      'what-transports-share-knows-no-transport',
      '^src/transport/',
      '^src/(transport|core)/',
      'a transport imports it, never the other way round',
    ),
    {
      name: 'a-transport-knows-no-other-transport',
      comment: 'What EWS and Graph share lies in transport/.',
      severity: 'error',
      from: { path: '^src/(ews|graph)/' },
      to: { path: '^src/(ews|graph)/', pathNot: '^src/$1/' },
    },
    only(
      'graph-knows-no-spool',
      '^src/graph/',
      '^src/(graph|core)/|^src/transport/|^src/observability/trace\\.ts$',
      'Graph fulfils the transport contract only',
    ),
    only(
      'operators-ask-any-spool',
      '^src/spool/admin/',
      '^src/spool/(admin/|(entry|admin/contract|contract)\\.ts$)|^src/(core|message)/',
      'what the admin contract of all spools shares',
    ),
    only(
      'the-state-table-is-pure',
      '^src/spool/state/',
      '^src/spool/(state/|(contract|arguments)\\.ts$)|^src/transport/contract\\.ts$|^src/(core|message)/',
      'a function of records',
    ),
    {
      name: 'a-spool-knows-no-other-spool',
      comment: 'What spools share lies in contract, state, journaled, rows and disk.',
      severity: 'error',
      from: { path: '^src/spool/(file|sqlite|postgres|indexeddb|sealed|sharded)/' },
      to: { path: '^src/spool/(file|sqlite|postgres|indexeddb|sealed|sharded)/', pathNot: '^src/spool/$1/' },
    },
    {
      name: 'a-spool-knows-no-loop',
      severity: 'error',
      from: { path: '^src/spool/' },
      to: { path: '^src/(spooler|sender|ews|graph|gating|testing)/' },
    },
    only(
      'ews-knows-no-spool',
      '^src/ews/',
      '^src/(ews|core)/|^src/transport/|^src/observability/trace\\.ts$',
      'EWS fulfils the transport contract only',
    ),
    only(
      'the-adapter-is-a-transport',
      '^src/ews-javascript-api/',
      '^src/(ews-javascript-api|core|transport)/|^src/ews/(ews-transport|options)\\.ts$|^src/ews/xml/',
      'the EWS transport over the XHR of a service; nothing of the spool',
    ),
    only(
      'ntlm-is-a-login',
      '^src/ews/auth/ntlm/',
      '^src/ews/auth/(ntlm/|credentials\\.ts$)|^src/core/|^src/transport/(fetch|decompressed)\\.ts$',
      'it fulfils the credentials contract only, and reads bodies as every fetch does',
    ),
    only(
      'a-relay-is-no-transport',
      '^src/relay/',
      '^src/(relay|core)/|^src/transport/|^src/ews/auth/credentials\\.ts$',
      'it passes requests on and knows nothing of notes',
    ),
    only(
      'the-loop-knows-contracts-only',
      '^src/spooler/',
      '^src/(spooler|core|observability|message)/|^src/(spool/(admin/)?|transport/)contract\\.ts$',
      'neither a spool nor a transport by name',
    ),
    {
      name: 'operating-is-above-the-sender',
      comment: 'Whoever sends needs neither the admin handle nor the command line.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(admin(/|\\.ts$)|cli/|dashboard(/|\\.ts$))' },
      to: { path: '^src/(admin|cli)/' },
    },
    only(
      'metrics-only-look',
      '^src/metrics/',
      '^src/(metrics|observability|core)/|^src/spool/contract\\.ts$',
      'they ask a sender, and change nothing',
    ),
    only(
      'telemetry-only-listens',
      '^src/opentelemetry/',
      '^src/(opentelemetry|observability|core)/|^src/spool/contract\\.ts$',
      'it listens to a sender, and changes nothing',
    ),
    only(
      'a-series-knows-what-an-item-is',
      '^src/testing/simulator/store/series/',
      '^src/testing/simulator/(store/series|schema)/|^src/testing/simulator/store/(item|seeding/item-defaults)\\.ts$|^src/testing/simulator/xml/(written-element|ews-errors)\\.ts$|^src/(core|ews/xml)/',
      'store, MIME and operations ask it for occurrences, never the other way round',
    ),
    {
      name: 'a-store-knows-no-operation',
      comment: 'Operations are carried out on what is stored, and on MIME.',
      severity: 'error',
      from: { path: '^src/testing/simulator/(store|mime|schema|xml)/' },
      to: { path: '^src/testing/simulator/operations/' },
    },
    {
      name: 'production-knows-no-testing',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testing(/|(-msw|-vitest|-jest)?\\.ts$)|^src/cli/commands/simulator\\.ts$' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'no-dev-dependency',
      comment:
        'A library that is bundled into an entry is a devDependency: the package has it inside. An optional peer is one for the tests.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: '^node_modules/(postal-mime|msw|@opentelemetry/api)/',
      },
    },
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, doNotFollow: { path: 'node_modules' } },
};
