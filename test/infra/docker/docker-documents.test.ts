import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import { reasons, refuse } from '../../../infra/worker/src/intake/answer.ts'
import { root } from '../../support/run.ts'
import { readConfiguration, render, textOf } from '../terraform/configuration.ts'

const readme = readFileSync(path.join(root, 'infra/README.md'), 'utf8')
const rows = readme.split('\n').filter((line) => line.startsWith('|'))

describe('infra/README.md', () => {
  it.each(reasons)('explains answers with the reason %s', (reason) => {
    const { status } = refuse(reason, '')
    const row = rows.find((line) => line.includes(`\`${reason}\``))
    expect(row?.split('|')[1]?.trim().split(', ')).toContain(String(status))
  })

  it('names only variables, outputs, secrets and resources that exist', () => {
    const configuration = readConfiguration()
    const { variables, outputs, locals, resources } = configuration
    const named = (pattern: RegExp) => [...readme.matchAll(pattern)].map(([, name = '']) => name)
    for (const name of named(/-target=(\S+)/g)) expect([...resources.keys()]).toContain(name)
    for (const name of named(/terraform -chdir=infra\/terraform output (?:-raw )?(\w+)/g)) {
      expect(Object.keys(outputs)).toContain(name)
    }
    const prefix = textOf(variables['name']?.['default'])
    const secrets = JSON.stringify(locals['worker_secrets'])
    for (const name of named(new RegExp(`${prefix}-([a-z-]+-(?:key|secret))\\b`, 'g'))) {
      expect(render(secrets, configuration)).toContain(name)
    }
  })

  it('has a table of the buffer that follows its model', () => {
    const shown = rows
      .filter((line) => /^\|\s+[\d,]+,000,000 +\|/.test(line))
      .map((line) => line.split('|').map((cell) => Number(cell.replaceAll(/\D/g, ''))))
      .map((cells) => cells.slice(2, 8))
    const expected = [1e6, 1e7, 1e8].map((installs) => {
      const mean = (installs * 60) / 2_592_000
      const room = 0.75 * 50 * 1024 ** 3
      const bridged = Math.min(168, room / (mean * 1100) / 3600)
      const after = (24 * 60 * mean) / (2 * (2000 / 0.3) - mean)
      const receive = Math.max(2, Math.ceil((3 * mean) / (0.6 * 10_000)))
      return [3 * mean, receive, 2, bridged, after, 1800 * 3 * mean].map(Math.round)
    })
    expect(shown).toEqual(expected)
  })

  it('has a table of costs that follows its model', () => {
    const table = rows.filter((line) => /^\|\s+\d+ million +\|/.test(line))
    const expected = [1e6, 1e7, 1e8].map((installs) => {
      const mean = (installs * 60) / 2_592_000
      const machines = Math.max(3, Math.ceil((3 * mean) / (0.5 * 20_000)))
      const held = (Math.floor((48 * 1024 * 1024) / 1000) * machines) / mean
      const instances = Math.max(2, Math.ceil((3 * mean) / (0.6 * (500 / 0.3))))
      return [mean, 3 * mean, instances, machines, held].map(Math.round)
    })
    const shown = table.map((line) => {
      const cells = line.split('|').map((cell) => Number(cell.replaceAll(/\D/g, '')))
      return [cells[3], cells[4], cells[6], cells[7], cells[8]]
    })
    expect(shown).toEqual(expected)
  })
})
