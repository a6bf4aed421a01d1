import type { Home } from './home.ts'

/** One way to turn telemetry off: what it puts into the home folder and the environment. */
export interface OptOut {
  readonly rule: string
  readonly source: (home: Home) => string
  readonly say: (home: Home) => Readonly<Record<string, string | undefined>>
}

/** Every rule of the verdict, each with the plainest way to make it turn telemetry off. */
export const optOuts: readonly OptOut[] = [
  variable('DO_NOT_TRACK', '1'),
  variable('RUNMAT_NO_TELEMETRY', '1'),
  variable('RUNMAT_TELEMETRY', '0'),
  file('user_settings', '.config/runmat/config.toml', '[runtime.telemetry]\nenabled = false\n', 2),
  {
    rule: 'named_settings',
    source: (home) => `${home.at('elsewhere.toml')}:1`,
    say: (home) => ({
      RUNMAT_CONFIG: home.write('elsewhere.toml', 'runtime.telemetry.enabled = false\n'),
    }),
  },
  file('project_settings', 'runmat.toml', '# ours\n[telemetry]\nenabled = false\n', 3),
  file('home_settings', '.runmat/config.toml', 'telemetry.enabled = false\n', 1),
  {
    rule: 'invalid_settings',
    source: (home) => home.at('broken.toml:1:5'),
    say: (home) => ({ RUNMAT_CONFIG: home.write('broken.toml', 'a = \n') }),
  },
  { ...variable('GITHUB_ACTIONS', 'true'), rule: 'ci' },
  { ...variable('PYTEST_CURRENT_TEST', 'test_x'), rule: 'test_run' },
  { ...variable('RAY_JOB_ID', '01000000'), rule: 'worker' },
  {
    rule: 'ingestion_key',
    source: () => 'built in',
    say: () => ({ RUNMAT_TELEMETRY_KEY: '' }),
  },
]

function variable(name: string, value: string): OptOut {
  return { rule: name, source: () => name, say: () => ({ [name]: value }) }
}

function file(rule: string, name: string, text: string, line: number): OptOut {
  return {
    rule,
    source: (home) => `${home.at(name)}:${line}`,
    say: (home) => {
      home.write(name, text)
      return {}
    },
  }
}
