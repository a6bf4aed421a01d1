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

const readme = readFileSync(path.join(root, 'README.md'), 'utf8')

describe('generated documents', () => {
  it.each(generated)('$path says what the contract says', ({ path: name, text }) => {
    const current = readFileSync(path.join(root, name), 'utf8')
    expect(current, 'run: npm run documents').toBe(text(current))
  })
})

describe('README.md', () => {
  const { ci, tests, workers } = runmat.suppressed
  const quoted = new Set(readme.match(/(?<=`)[^`\n]+(?=`)/g))

  it.each([...triggersOf(runmat), ...ci, ...tests, ...workers])('says when: %s', (name) => {
    expect(quoted).toContain(name)
  })

  it.each(keySpecs(runmat).map((spec) => spec.path.at(-1)))('explains the setting %s', (name) => {
    expect(quoted).toContain(name)
  })

  it.each(variablesOf(runmat))('names the variable %s', (name) => {
    expect([...quoted].join()).toMatch(new RegExp(`\\b${name}\\b`))
  })

  it('shows hosts code that works', async () => {
    const home = tempHome()
    const [, code = ''] = /```ts\n(.*?)```/s.exec(readme) ?? []
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

  it('shows other languages input that works', async () => {
    const home = tempHome()
    const [, input = ''] = /echo '(.*)' \| runmat-telemetry record usage/.exec(readme) ?? []
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
