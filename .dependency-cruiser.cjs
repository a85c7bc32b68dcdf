/** The arrows between the rooms. A room not named under `to` may not be imported from `from`. */
const only = (from, allowed) => ({
  name: `${from}-imports-only-${allowed.join('-') || 'nothing'}`,
  severity: 'error',
  from: { path: `^${from}/` },
  to: {
    path: '^(activities|api|bench|cli|config|db|domain|integrations|sandbox|test|workers|workflows)/',
    pathNot: `^(${[from, ...allowed].join('|')})/`,
  },
});

module.exports = {
  forbidden: [
    only('domain', []),
    only('workflows', ['domain']),
    only('activities', ['domain', 'integrations', 'db']),
    only('integrations', ['domain']),
    only('db', ['domain']),
    only('config', ['domain']),
    only('workers', ['activities', 'config', 'db', 'domain', 'integrations', 'workflows']),
    only('api', ['config', 'db', 'domain', 'integrations', 'workflows']),
    only('cli', ['api', 'config', 'db', 'domain', 'integrations', 'workflows']),
    only('sandbox', []),
    {
      name: 'api-and-cli-take-only-names-from-workflows',
      comment:
        'Workflow code runs in the workflow sandbox; outside it only types and message names are wanted.',
      severity: 'error',
      from: { path: '^(api|cli)/' },
      to: {
        path: '^workflows/',
        pathNot: '^workflows/(message-names|messages)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'integrations-do-not-know-each-other',
      severity: 'error',
      from: { path: '^integrations/([^/]+)/' },
      to: { path: '^integrations/', pathNot: '^integrations/$1/' },
    },
    {
      name: 'domain-and-workflows-stay-light',
      comment: 'What they import ends in the workflow bundle and must be deterministic.',
      severity: 'error',
      from: { path: '^(domain|workflows)/' },
      to: { dependencyTypes: ['npm', 'core'], pathNot: 'node_modules/@temporalio/(workflow|common)/' },
    },
    {
      name: 'no-circles',
      comment: 'Types may know each other; code may not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
