import { buildIngestionKey } from './build.ts'
import type { Product, RuntimeFacts } from './product.ts'

const id = 'runmat'
const endpoint = 'https://api.runmat.com/v1/t'

const runtime: RuntimeFacts = {
  runKinds: ['script', 'repl', 'benchmark', 'install', 'kernel'],
  backends: ['wgpu', 'cuda', 'metal', 'vulkan', 'dx12', 'gl', 'browserwebgpu', 'inprocess'],
  namespaces: ['RunMat', 'MATLAB', 'Octave'],
  failures: {
    stages: ['parser', 'hir', 'compile', 'runtime', 'unknown'],
    hosts: ['cli', 'wasm', 'kernel', 'desktop'],
  },
}

/** The part that a browser needs: it has no files, no environment and no subcommands. */
export const inBrowsers = { id, endpoint, embeddedKey: buildIngestionKey, runtime }

/**
 * RunMat, as its telemetry knows it. This is the only file under src/ that spells its names, and
 * the whole list of what its events can say: a name that is not here cannot leave the machine.
 * Adding one is at least a minor release.
 */
export const runmat: Product = {
  id,
  name: 'RunMat',
  command: 'runmat-telemetry',
  docs: 'https://runmat.com/docs/telemetry',
  contact: 'team@dystr.com',

  endpoint,
  udpEndpoint: 'udp.telemetry.runmat.com:7846',

  variables: {
    off: 'RUNMAT_NO_TELEMETRY',
    toggle: 'RUNMAT_TELEMETRY',
    show: 'RUNMAT_TELEMETRY_SHOW',
    config: 'RUNMAT_CONFIG',
    debug: 'RUNMAT_TELEMETRY_DEBUG',
  },

  ingestionKey: { variable: 'RUNMAT_TELEMETRY_KEY', embedded: buildIngestionKey },

  places: {
    clientId: { base: 'home', path: ['.runmat', 'telemetry_id'] },
    settings: { base: 'config', path: ['runmat', 'config.toml'] },
    alsoSettings: [
      { base: 'home', path: ['.config', 'runmat', 'config.toml'] },
      { base: 'config', path: ['runmat', 'config.json'] },
      { base: 'home', path: ['.config', 'runmat', 'config.json'] },
    ],
    homeSettings: [
      { base: 'home', path: ['.runmat', 'config.toml'] },
      { base: 'home', path: ['.runmat', 'config.json'] },
    ],
    projectSettings: ['runmat.toml', 'runmat.json'],
    systemSettings: { base: 'system', path: ['runmat', 'telemetry.toml'] },
    state: { base: 'cache', path: ['runmat', 'telemetry'] },
  },

  keys: {
    enabled: ['runtime', 'telemetry', 'enabled'],
    alsoEnabled: [['telemetry', 'enabled']],
    endpoint: ['runtime', 'telemetry', 'http_endpoint'],
    uploads: ['telemetry', 'uploads'],
    runtime: ['runtime', 'telemetry'],
  },

  // RunMat 0.6: one file, no variable, and no merging.
  host: {
    reads: [
      { variable: 'RUNMAT_CONFIG' },
      { project: ['runmat.toml', 'runmat.json'] },
      { place: { base: 'home', path: ['.config', 'runmat', 'config.toml'] } },
      { place: { base: 'home', path: ['.config', 'runmat', 'config.json'] } },
    ],
    hearsEnvironment: false,
    strict: [
      {
        table: ['runtime'],
        keys: [
          'callstack_limit',
          'error_namespace',
          'verbose',
          'language',
          'logging',
          'telemetry',
          'jit',
          'gc',
          'accelerate',
          'plotting',
          'fea',
        ],
      },
      {
        table: ['runtime', 'telemetry'],
        keys: [
          'enabled',
          'show_payloads',
          'http_endpoint',
          'udp_endpoint',
          'queue_size',
          'sync_mode',
          'drain_mode',
          'drain_timeout_ms',
          'require_ingestion_key',
        ],
      },
    ],
    tableTurnsUdpOff: true,
  },

  usage: {
    subcommands: [
      'run',
      'repl',
      'check',
      'benchmark',
      'version',
      'info',
      'accel-info',
      'accel-calibrate',
      'gc',
      'config',
      'remote',
      'login',
      'org',
      'project',
      'fs',
      'test',
      'package',
      'batch',
      'cluster',
      'job',
    ],
    outcomes: {
      run: [
        'success',
        'failed_parser',
        'failed_hir',
        'failed_compile',
        'failed_runtime',
        'failed_unknown',
      ],
    },
    selectionsField: 'engine_selections',
    selectionsMeaning: 'How often each execution engine ended up active.',
    selectionsReason: 'Shows how often the fast paths are really active.',
    selections: ['jit', 'interpreter', 'gpu', 'cpu', 'auto', 'disabled', 'unknown'],
    capabilities: {
      jit: 'JIT compilation',
      gpu: 'Usable GPU',
      fusion: 'Operation fusion',
      wgpu: 'wgpu backend',
      cuda: 'CUDA backend',
      metal: 'Metal backend',
      vulkan: 'Vulkan backend',
      inprocess: 'In-process (CPU) backend',
    },
  },

  runtime,
  installs: true,

  milestones: {
    firstRun: 'first_seen_for_install_id',
    firstRunOfVersion: 'first_seen_for_version',
    successes: {
      subcommand: 'run',
      outcome: 'success',
      triggers: ['first_successful_run', 'second_successful_run', 'third_successful_run'],
    },
    named: {
      benchmark: { subcommand: 'benchmark' },
      accel_calibrate: { subcommand: 'accel-calibrate' },
      project: { subcommand: 'project' },
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
    tests: [
      'PYTEST_CURRENT_TEST',
      'PYTEST_VERSION',
      'VITEST',
      'JEST_WORKER_ID',
      'NODE_TEST_CONTEXT',
      'NEXTEST',
    ],
    workers: [
      'RUNMAT_INSTRUMENTED_JOB',
      'RUNMAT_WORKER',
      'RAY_JOB_ID',
      'RAY_RAYLET_PID',
      'OSMO_JOB_ID',
      'OSMO_WORKFLOW_ID',
    ],
  },
}
