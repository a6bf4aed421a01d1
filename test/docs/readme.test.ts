import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

import { describe, expect, it } from 'vitest'

import { generated } from '../../scripts/generated.ts'
import { triggersOf } from '../../src/contract/usage.ts'
import { runmat } from '../../src/product/runmat.ts'
import { noticeText } from '../../src/record/notice.ts'
import { keySpecs } from '../../src/settings/settings.ts'
import { type Home, tempHome } from '../support/home.ts'
import { cli, root, run } from '../support/run.ts'
import { variablesOf } from './variables.ts'

const documentAt = (name: string) => readFileSync(path.join(root, name), 'utf8')
const quotedIn = (name: string) => new Set(documentAt(name).match(/(?<=`)[^`\n]+(?=`)/g))

describe('generated documents', () => {
  it.each(generated)('$path says what the contract says', ({ path: name, text }) => {
    const current = readFileSync(path.join(root, name), 'utf8')
    expect(current, 'run: npm run documents').toBe(text(current))
  })
})

describe('docs/COLLECTED.md', () => {
  const { ci, tests, workers } = runmat.suppressed
  const quoted = quotedIn('docs/COLLECTED.md')

  it.each([...triggersOf(runmat), ...ci, ...tests, ...workers])('says when: %s', (name) => {
    expect(quoted).toContain(name)
  })
})

describe('docs/SETTINGS.md', () => {
  const quoted = quotedIn('docs/SETTINGS.md')

  it.each(keySpecs(runmat).map((spec) => spec.path.at(-1)))('explains the setting %s', (name) => {
    expect(quoted).toContain(name)
  })

  it.each(variablesOf(runmat))('explains the variable %s', (name) => {
    expect(quoted).toContain(name)
  })
})

describe('README.md', () => {
  it('has the commands that build and test a checkout', () => {
    expect(documentAt('README.md')).toMatch(/^npm ci && npm start .*\nnpm ci && npm test /m)
  })

  it('shows settings that turn telemetry off without this tool', async () => {
    const home = tempHome()
    const [, toml = ''] = /```toml\n(.*?)```/s.exec(documentAt('README.md')) ?? []
    home.write(home.settings, toml)
    const { out } = await cli(home, ['status', '--json'])
    expect(JSON.parse(out)).toMatchObject({ collecting: false, decided_by: 'user_settings' })
  })
})

describe('docs/HOSTS.md', () => {
  const hosts = documentAt('docs/HOSTS.md')

  it('shows code that works in a host', async () => {
    const home = tempHome()
    const [, code = ''] = /```ts\n(.*?)```/s.exec(hosts) ?? []
    const library = pathToFileURL(path.join(root, 'dist/index.js')).href
    const file = home.write('host.mjs', code.replace("'runmat-telemetry'", JSON.stringify(library)))
    const ended = await run(process.execPath, [file], home)
    expect(ended).toMatchObject({ code: 0, out: '', err: noticeText(runmat) })
    expect(await triggersIn(home)).toEqual([
      'first_seen_for_install_id',
      'first_seen_for_version',
      'first_successful_run',
      'project',
      'runtime.run.started',
      'runtime.run.finished',
    ])
  })

  it('shows input that works from other languages', async () => {
    const home = tempHome()
    const [, input = ''] = /echo '(.*)' \| runmat-telemetry record usage/.exec(hosts) ?? []
    expect((await cli(home, ['record', 'usage'], { input })).code).toBe(0)
    expect(await triggersIn(home)).toContain('first_successful_run')
  })
})

async function triggersIn(home: Home): Promise<readonly (string | undefined)[]> {
  const { out } = await cli(home, ['print', '--queued'])
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { trigger?: string; event_label?: string })
    .map(({ trigger, event_label: label }) => trigger ?? label)
}
