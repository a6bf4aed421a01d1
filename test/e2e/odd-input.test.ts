import { describe, expect, it } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import { tempHome } from '../support/home.ts'
import { cli } from '../support/run.ts'

const nested = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
const run = '"event_label":"runtime.run.finished","run_kind":"script"'

describe('record refuses odd values, names the field and makes no id:', () => {
  it.each([
    ['usage', '{"subcommand":{"toString":1}}', 'subcommand'],
    ['usage', '{"subcommand":"run","version":{"toString":1,"valueOf":2}}', 'version'],
    ['usage', `{"subcommand":"run","capabilities":${nested}}`, 'capabilities'],
    ['usage', '{"subcommand":"run","toString":1}', 'toString'],
    ['runtime', '{"event_label":{"toString":1}}', 'event_label'],
    ['runtime', `{"event_label":${nested}}`, 'event_label'],
    [
      'runtime',
      `{${run},"payload":{"success":true,"duration_us":${nested}}}`,
      'payload.duration_us',
    ],
    ['runtime', `{"event_label":"runtime.run.finished","run_kind":"free text"}`, 'run_kind'],
    ['install', '{"event_label":"install_start","method":{"toString":1}}', 'method'],
  ])('%s %.60s', async (kind, input, field) => {
    const home = tempHome()
    const { code, err } = await cli(home, ['record', kind], { input })
    expect(code).toBe(2)
    expect(err).toMatch(new RegExp(`^runmat-telemetry: ${field}[. ]`))
    expect(home.has(home.clientId)).toBe(false)
  })
})

describe('record names every outcome that a subcommand may have', () => {
  it('and says so where it has none', async () => {
    const home = tempHome()
    const record = async (input: unknown) =>
      (await cli(home, ['record', 'usage'], { input: JSON.stringify(input) })).err.split('\n')[0]
    for (const [subcommand, outcomes] of Object.entries(runmat.usage.outcomes)) {
      expect(await record({ subcommand, outcome: 'failure' })).toBe(
        `runmat-telemetry: outcome must be one of ${outcomes.map((one) => `"${one}"`).join(', ')}, not "failure".`,
      )
    }
    const other = runmat.usage.subcommands.find((one) => !Object.hasOwn(runmat.usage.outcomes, one))
    expect(await record({ subcommand: other, outcome: 'success' })).toBe(
      `runmat-telemetry: ${other} has no outcome.`,
    )
  })
})

describe('no control or format character of a path reaches the terminal raw:', () => {
  // C1, bidi, and the line feed, which a path may hold as well.
  it.each([['status'], ['status', '--json'], ['endpoint'], ['endpoint', '--json']])(
    '%s %s',
    async (...args) => {
      const home = tempHome()
      const env = { XDG_CONFIG_HOME: home.at('a\u009b31m\u061c\u202e\u2066b\nc') }
      const { code, out, err } = await cli(home, args, { env })
      expect(code).toBe(0)
      expect(out + err).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
      expect(out + err).not.toContain('\nc/')
    },
  )
})

describe('no control or format character of an address reaches the terminal raw:', () => {
  it.each([['endpoint'], ['endpoint', '--json'], ['status'], ['local'], ['doctor'], ['upload']])(
    '%s %s',
    async (...args) => {
      const home = tempHome()
      const address = 'https://a.invalid/\u009b31m\u061c\u202e'
      home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${address}"\n`)
      const { out, err } = await cli(home, args)
      expect(out + err).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
    },
  )
})

describe('without a version', () => {
  it('nothing is recorded or shown as one: that of this tool is never that of its host', async () => {
    const home = tempHome()
    home.write(home.settings, '[runtime.telemetry]\nhttp_endpoint = "http://127.0.0.1:9/"\n')
    await cli(home, ['record', 'usage'], { input: '{"subcommand":"run"}' })
    const { out } = await cli(home, ['print', '--queued', '--raw'])
    expect(out).toContain('"version":"0.0.0"')
    const shown = async (...what: string[]) => (await cli(home, ['print', ...what])).out
    expect(await shown()).toContain('"version":"0.0.0"')
    expect(await shown('runtime')).toContain('"release":"0.0.0"')
    expect(await shown('install')).toContain('"release":"unknown"')
    await cli(home, ['record', 'usage'], { input: '{"subcommand":"run","version":"0.6.1"}' })
    await cli(home, ['record', 'usage'], { input: '{"subcommand":"benchmark"}' })
    const queued = (await cli(home, ['print', '--queued', '--raw'])).out.trim().split('\n')
    expect(queued.at(-1)).toContain('"version":"0.6.1"')
  })
})
