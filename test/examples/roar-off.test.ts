import { describe, expect, it } from 'vitest'

import { bareStage, job, roarFile, stage, triggersOf } from './stage.ts'

const optOuts = [
  'DO_NOT_TRACK ROAR_NO_TELEMETRY',
  'CI GITHUB_ACTIONS GITLAB_CI BUILDKITE CIRCLECI TRAVIS APPVEYOR',
  'TEAMCITY_VERSION JENKINS_URL TF_BUILD',
  'PYTEST_CURRENT_TEST PYTEST_VERSION',
  'ROAR_JOB_INSTRUMENTED ROAR_WORKER RAY_JOB_ID OSMO_JOB_ID OSMO_WORKFLOW_ID',
]

describe.concurrent('an opt-out in roar’s environment', () => {
  it.each(optOuts.join(' ').split(' '))(
    '%s alone keeps roar from writing anything',
    async (name) => {
      const { roar, files } = await bareStage()
      const { code, err } = await roar(['run', '--', ...job], { env: { [name]: '1' } })
      expect({ code, err, files: files() }).toEqual({ code: 0, err: '', files: [] })
    },
  )

  it('keeps waiting events from being sent, without deleting them', async () => {
    const { roar, queued, quiet, collector } = await stage()
    await roar(['show'])
    const waiting = queued()
    for (const name of ['DO_NOT_TRACK', 'ROAR_NO_TELEMETRY', 'CI']) {
      const env = { [name]: '1' }
      await roar(['show'], { env })
      expect(await roar(['telemetry', 'upload'], { env })).toMatchObject({ code: 1 })
    }
    await quiet()
    expect(queued()).toEqual(waiting)
    expect(collector.requests).toBe(0)
  })
})

describe.concurrent('roar telemetry', () => {
  it('--disable lasts and deletes waiting events, and --enable undoes it', async () => {
    const { roar, queued, counted, quiet, collector, home, endpoint } = await stage()
    await roar(['show'])
    expect(queued()).toHaveLength(2)
    const settings = (enabled: boolean) =>
      `[telemetry]\nendpoint = "${endpoint}"\nenabled = ${enabled}\n`

    const off = await roar(['telemetry', '--disable'])
    expect(off).toMatchObject({ code: 0, err: '' })
    expect(off.out).toMatch(/^roar telemetry is off, for good/)
    expect(home.read('config/roar/global.toml')).toBe(settings(false))
    expect(queued()).toEqual([])
    await roar(['run', '--', ...job])
    expect(counted().subcommand_counts).toEqual({ show: 1 })

    expect(await roar(['telemetry', '--enable'])).toMatchObject({ code: 0 })
    expect(home.read('config/roar/global.toml')).toBe(settings(true))
    await roar(['run', '--', ...job])
    await quiet()
    expect(collector.events).toHaveLength(1)
    expect(counted().subcommand_counts).toEqual({ show: 1, run: 1, run_success: 1 })
  })

  it('keeps the rest of the settings', async () => {
    const { roar, home } = await stage()
    const mine = '# mine\n[hash]\nprimary = "blake3" # fast\n\n[telemetry]\n'
    home.write('config/roar/global.toml', mine)
    await roar(['telemetry', '--disable'])
    expect(home.read('config/roar/global.toml')).toBe(`${mine}enabled = false\n`)
  })

  it('--endpoint "" forbids sending while roar goes on counting', async () => {
    const { roar, queued, counted, quiet, collector, home, endpoint } = await stage()
    await roar(['show'])
    expect(await roar(['telemetry', '--endpoint', ''])).toMatchObject({ code: 0, err: '' })
    expect(home.read('config/roar/global.toml')).toContain('uploads = false\n')
    expect(queued()).toEqual([])
    await roar(['run', '--', ...job])
    await quiet()
    expect(queued()).toEqual([])
    expect(counted().subcommand_counts).toEqual({ show: 1, run: 1, run_success: 1 })
    expect(collector.requests).toBe(0)

    await roar(['telemetry', 'endpoint', '--reset'])
    expect(home.read('config/roar/global.toml')).not.toMatch(/endpoint|uploads/)
    const { out } = await roar(['telemetry', 'endpoint', '--json'])
    expect(JSON.parse(out)).toMatchObject({
      url: 'https://api.glaas.ai/api/v1/telemetry/roar',
      source: 'built in',
    })
    expect(out).not.toContain(endpoint)
  })

  it('--endpoint <url> is checked before it is saved', async () => {
    const { roar, home, endpoint } = await stage()
    const before = home.read('config/roar/global.toml')
    expect(before).toBe(`[telemetry]\nendpoint = "${endpoint}"\n`)
    const refused = await roar(['telemetry', '--endpoint', 'http://elsewhere.invalid/'])
    expect(refused.code).toBe(2)
    expect(refused.err).toMatch(/^roar telemetry: That address is plain http/)
    expect(home.read('config/roar/global.toml')).toBe(before)
  })

  it('--status and --help mention only roar', async () => {
    const { roar } = await bareStage()
    const texts = await Promise.all(
      [['--status'], ['--help'], ['help', 'disable'], ['--explain'], []].map(
        async (words) => await roar(['telemetry', ...words]),
      ),
    )
    const all = texts.map(({ out, err }) => out + err).join('\n')
    expect(all).not.toMatch(/runmat/i)
    expect(all).toContain('Turn it off for good: roar telemetry disable')
    expect(all).toContain('Usage: roar telemetry disable [options]')
    expect(all).toContain('Run roar telemetry --help to see all commands.')
    expect((await roar(['telemetry', '--version'])).out).toBe((await roar(['--version'])).out)
  })
})

describe.concurrent('RunMat’s settings and files', () => {
  it('neither affect roar nor are changed by it', async () => {
    const { roar, quiet, files, home, delivered, collector } = await stage()
    home.write('runmat.toml', '[telemetry]\nenabled = false\n')
    home.write('config/runmat/config.toml', 'not = [toml')
    const env = {
      RUNMAT_NO_TELEMETRY: '1',
      RUNMAT_TELEMETRY: '0',
      RUNMAT_TELEMETRY_SHOW: '1',
      RUNMAT_CONFIG: 'missing.toml',
    }
    await roar(['show'], { env })
    expect((await roar(['run', '--', ...job], { env })).err).toBe('')
    await quiet()
    expect(triggersOf(delivered())).toHaveLength(3)
    for (const { headers } of collector.events) {
      expect(headers).not.toHaveProperty('x-telemetry-key')
      expect(headers['user-agent']).toMatch(/^roar-telemetry\//)
    }
    expect(files()).toEqual([
      'cache/roar/telemetry/answer-times.json',
      'cache/roar/telemetry/sent.ndjson',
      'cache/roar/telemetry/stats.json',
      'cache/roar/telemetry/uploads.json',
      'config/roar/global.toml',
      'config/roar/telemetry_id',
      'config/runmat/config.toml',
      'runmat.toml',
    ])
  })
})

describe.concurrent.each(['ray', 'osmo'])('a %s worker', (kind) => {
  const marker = kind === 'ray' ? 'RAY_JOB_ID' : 'OSMO_WORKFLOW_ID'
  const printEnv = [process.execPath, '-p', 'JSON.stringify(process.env)']
  const status = [process.execPath, roarFile, 'telemetry', 'status', '--json']
  const parse = (text: string) => JSON.parse(text) as Record<string, unknown>

  it.each(['ROAR_NO_TELEMETRY', 'DO_NOT_TRACK', 'CI', 'PYTEST_VERSION'])(
    'is off if %s is set for the driver',
    async (name) => {
      const { roar } = await bareStage()
      const options = { env: { [name]: '1' } }
      const env = parse((await roar([kind, '--', ...printEnv], options)).out)
      expect(env).toMatchObject({ ROAR_NO_TELEMETRY: '1', [marker]: expect.any(String) as string })
      expect(env).not.toHaveProperty('XDG_CACHE_HOME')
      expect(parse((await roar([kind, '--', ...status], options)).out)).toMatchObject({
        collecting: false,
        decided_by: 'ROAR_NO_TELEMETRY',
      })
    },
  )

  it('is off if the driver was turned off for good', async () => {
    const { roar } = await bareStage()
    await roar(['telemetry', '--disable'])
    const { out } = await roar([kind, '--', ...printEnv])
    expect(parse(out)).toMatchObject({ ROAR_NO_TELEMETRY: '1' })
  })

  it('records nothing even if the driver is on', async () => {
    const { roar, files } = await bareStage()
    expect(parse((await roar([kind, '--', ...printEnv])).out)).not.toHaveProperty(
      'ROAR_NO_TELEMETRY',
    )
    expect(parse((await roar([kind, '--', ...status])).out)).toMatchObject({
      collecting: false,
      decided_by: 'worker',
    })
    const { out } = await roar([kind, '--', process.execPath, roarFile, 'run', '--', ...printEnv])
    expect(parse(out)).toMatchObject({ ROAR_NO_TELEMETRY: '1', ROAR_JOB_INSTRUMENTED: '1' })
    expect(files()).toEqual([])
  })
})
