/**
 * Roar, as its telemetry knows it, and the whole list of what its events can say. This file is all
 * that a host writes to adopt the library; what is not in it cannot leave the machine.
 *
 * @type {import('runmat-telemetry').Product}
 */
export const roar = {
  id: 'roar',
  name: 'roar',
  command: 'roar telemetry',
  docs: 'https://glaas.ai/docs/telemetry',
  contact: 'https://github.com/treqs/roar/issues',

  endpoint: 'https://api.glaas.ai/api/v1/telemetry/roar',

  variables: {
    off: 'ROAR_NO_TELEMETRY',
    show: 'ROAR_TELEMETRY_SHOW',
  },

  places: {
    clientId: { base: 'config', path: ['roar', 'telemetry_id'] },
    settings: { base: 'config', path: ['roar', 'global.toml'] },
    state: { base: 'cache', path: ['roar', 'telemetry'] },
  },

  keys: {
    enabled: ['telemetry', 'enabled'],
    alsoEnabled: [],
    endpoint: ['telemetry', 'endpoint'],
    uploads: ['telemetry', 'uploads'],
  },
  emptyEndpointForbidsUploads: true,

  usage: {
    subcommands: [
      'run',
      'build',
      'init',
      'reset',
      'register',
      'show',
      'dag',
      'log',
      'status',
      'get',
      'put',
      'inputs',
      'diff',
      'lineage',
    ],
    outcomes: {
      run: [
        'success',
        'failed_dirty',
        'failed_tracer_setup',
        'failed_user_exit',
        'failed_interrupted',
        'failed_internal',
      ],
    },
    selectionsField: 'tracer_selections',
    selectionsMeaning: 'How often each tracer backend ended up active.',
    selectionsReason: 'Shows which tracers work where.',
    selections: ['preload', 'ptrace', 'ebpf', 'native', 'auto', 'disabled', 'unknown'],
    capabilities: {
      blake3: 'BLAKE3 hashing is installed.',
      ebpf: 'The kernel supports the eBPF tracer.',
      proxy: 'The proxy is enabled.',
      ray: 'Ray is enabled.',
      osmo: 'OSMO is enabled.',
    },
  },

  milestones: {
    firstRun: 'first_seen_for_install_id',
    firstRunOfVersion: 'first_seen_for_version',
    successes: {
      subcommand: 'run',
      outcome: 'success',
      triggers: [
        'first_successful_roar_run',
        'second_successful_roar_run',
        'third_successful_roar_run',
      ],
    },
    named: {
      init: { subcommand: 'init' },
      reset: { subcommand: 'reset' },
      // A dry run is counted like any other, but only the host can tell that it was one.
      register: {},
    },
  },

  suppressed: {
    ci: [
      'CI',
      'GITHUB_ACTIONS',
      'GITLAB_CI',
      'BUILDKITE',
      'CIRCLECI',
      'TRAVIS',
      'APPVEYOR',
      'TEAMCITY_VERSION',
      'JENKINS_URL',
      'TF_BUILD',
    ],
    tests: ['PYTEST_CURRENT_TEST', 'PYTEST_VERSION'],
    workers: [
      'ROAR_JOB_INSTRUMENTED',
      'ROAR_WORKER',
      'RAY_JOB_ID',
      'OSMO_JOB_ID',
      'OSMO_WORKFLOW_ID',
    ],
  },
}
