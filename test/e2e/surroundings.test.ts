import { describe, expect, it } from 'vitest'

import { tempHome } from '../support/home.ts'
import { cli, cliJson } from '../support/run.ts'

const deciding = async (env: Record<string, string>) =>
  (await cliJson<{ decided_by: string }>(tempHome(), ['status'], { env })).decided_by

describe('build services', () => {
  it.concurrent.each([
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
  ])('%s alone turns telemetry off', async (name) => {
    expect(await deciding({ [name]: name === 'JENKINS_URL' ? 'http://ci.invalid/' : 'true' })).toBe(
      'ci',
    )
  })

  it.concurrent.each([
    'BITBUCKET_COMMIT',
    'CODEBUILD_BUILD_ARN',
    'DRONE',
    'BUILD_NUMBER',
    'RUN_ID',
  ])('%s, which only ci-info knows, turns telemetry off, too', async (name) =>
    expect(await deciding({ [name]: 'x' })).toBe('ci'),
  )

  it.concurrent.each(['', 'false'])('CI=%j does not mark a build service', async (value) => {
    expect(await deciding({ CI: value })).toBe('default')
  })
})

describe('the values of variables:', () => {
  it.concurrent.each(['1', 'true', 'yes', 'on', 'please', ' 1 '])(
    'DO_NOT_TRACK=%j turns telemetry off',
    async (value) => {
      expect(await deciding({ DO_NOT_TRACK: value })).toBe('DO_NOT_TRACK')
    },
  )

  it.concurrent.each(['', '0', 'false', 'no', 'off', 'OFF', ' '])(
    'DO_NOT_TRACK=%j has no effect',
    async (value) => expect(await deciding({ DO_NOT_TRACK: value })).toBe('default'),
  )

  it.concurrent.each(['0', 'false', 'no', 'off', 'No'])(
    'RUNMAT_TELEMETRY=%j turns telemetry off',
    async (value) => {
      expect(await deciding({ RUNMAT_TELEMETRY: value })).toBe('RUNMAT_TELEMETRY')
    },
  )

  it.concurrent.each(['', '1', 'yes'])('RUNMAT_TELEMETRY=%j has no effect', async (value) => {
    expect(await deciding({ RUNMAT_TELEMETRY: value })).toBe('default')
  })

  it.concurrent.each([
    'PYTEST_VERSION',
    'VITEST',
    'JEST_WORKER_ID',
    'NODE_TEST_CONTEXT',
    'NEXTEST',
  ])('%s marks a test run', async (name) =>
    expect(await deciding({ [name]: '1' })).toBe('test_run'),
  )

  it.concurrent.each([
    'RUNMAT_INSTRUMENTED_JOB',
    'RUNMAT_WORKER',
    'RAY_RAYLET_PID',
    'OSMO_JOB_ID',
    'OSMO_WORKFLOW_ID',
  ])('%s marks a worker', async (name) => expect(await deciding({ [name]: '7' })).toBe('worker'))

  it.concurrent.each(['two words', 'line\nbreak', 'ümlaut'])(
    'a key of %j counts as missing',
    async (key) => {
      expect(await deciding({ RUNMAT_TELEMETRY_KEY: key })).toBe('ingestion_key')
    },
  )
})

describe('a file where the cache folder should be', () => {
  it('holds no uploader, and keeps nothing from being turned off', async () => {
    const home = tempHome()
    home.write('.cache', '')
    expect(await cliJson(home, ['status'])).toMatchObject({ uploader: { running: false } })
    expect(await cli(home, ['disable'])).toMatchObject({ code: 0, err: '' })
    expect(await cliJson(home, ['status'])).toMatchObject({ collecting: false })
  })
})
