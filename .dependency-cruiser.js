const plugin = '^(agents/(?:envelopes|decoders|families)|adapters)/([^/]+)/';
const pureCore = '^core/(?:(?:adapter|pipeline|plugin|rejection|result|way)\\.ts$|(?:access|assess|decode|entity|screen|validate)/)';

/** Dependencies point one way: bin → everything; agents, adapters, embedded → core. */
export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Two files that need each other are one thing or hide a third: move what both need into a file of its own.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'core-knows-no-plugin',
      comment: 'The core must run with any set of plug-ins. Put what is shared into core/, or let bin/ hand it in.',
      severity: 'error',
      from: { path: '^core/' },
      to: { path: '^(agents|adapters|embedded|sharing|gateway|console|bin|demo|tools|bench|test)/' },
    },
    {
      name: 'plugins-use-the-sdk-only',
      comment: "A plug-in imports '#core' and its own folder. If something is missing there, export it from core/index.ts.",
      severity: 'error',
      from: { path: plugin },
      to: { path: '^(core|embedded|sharing|gateway|console|bin|demo|tools|bench|test)/', pathNot: '^core/index\\.ts$' },
    },
    {
      name: 'plugins-are-strangers',
      comment: 'A plug-in does not import another one: what two of them need moves to core/ and is exported from core/index.ts.',
      severity: 'error',
      from: { path: plugin },
      to: { path: '^(agents|adapters)/', pathNot: '^$1/$2/' },
    },
    {
      name: 'plugins-do-no-io',
      comment: 'A plug-in is pure: core/source reads and fetches, the clock is in uplink.receivedAt or file.fetchedAt.',
      severity: 'error',
      from: { path: plugin },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'plugins-bring-no-packages',
      comment: 'A plug-in needs no npm package: a format or a projection belongs to core/source and comes through #core.',
      severity: 'error',
      from: { path: plugin },
      to: { path: '(^|/)node_modules/' },
    },
    {
      name: 'pure-core-does-no-io',
      comment: 'From decode to assess everything is pure: read files in core/service or core/source and hand the value in.',
      severity: 'error',
      from: { path: pureCore },
      to: {
        path: [
          '^(node:)?(fs|net|tls|http|https|http2|dgram|dns|child_process|worker_threads|cluster|process|timers)(/|$)',
          '^core/(source|deliver|service)/',
          '^core/outbox/(?!outbox\\.ts$)',
          '(^|/)node_modules/(axios|better-sqlite3|express|mqtt|node-cron|pino|prom-client|aedes)/',
        ],
      },
    },
    {
      name: 'gateway-stands-alone',
      comment: 'What lets callers in knows the core and nothing else: it asks the broker over HTTP as it is, and bin/ hands it the rest.',
      severity: 'error',
      from: { path: '^gateway/' },
      to: { path: '^(agents|adapters|embedded|sharing|console|bin|demo|tools|bench|test)/' },
    },
    {
      name: 'no-development-packages-at-run-time',
      comment: 'What runs in production is listed under "dependencies" in package.json.',
      severity: 'error',
      from: { path: '^(core|agents|adapters|embedded|sharing|gateway|console|bin)/', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'not-to-unresolvable',
      comment: 'The module is not there: check the path (relative imports carry .ts) or add the package to package.json.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/examples/|^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['klavze-source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
    reporterOptions: { text: { highlightFocused: true } },
  },
};
