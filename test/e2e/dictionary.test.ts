import { describe, expect, it } from 'vitest'

import { documentedContracts } from '../../src/contract/documented.ts'
import { type Dictionary, dictionaryOf } from '../../src/contract/dictionary.ts'
import { runmat } from '../../src/product/runmat.ts'
import { tempHome } from '../support/home.ts'
import { cli, cliJson } from '../support/run.ts'

const all = JSON.parse(
  JSON.stringify(dictionaryOf(runmat, documentedContracts(runmat))),
) as Dictionary

describe.concurrent('dictionary', () => {
  it('prints the whole dictionary as JSON', async () => {
    expect(await cliJson<Dictionary>(tempHome(), ['dictionary'])).toEqual(all)
  })

  it('explains every field and every question in lines of at most 80 columns', async () => {
    const { code, out, err } = await cli(tempHome(), ['dictionary'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const lines = out.split('\n')
    expect(lines.filter((line) => line.length > 80)).toEqual([])
    // A pattern that people have a word for is that word; any other is a line of its own, and whole.
    expect(out).toContain('  Value: a random UUID.\n')
    const patterns = new Set(lines.filter((line) => /[{$^]/.test(line)).map((line) => line.trim()))
    expect([...patterns]).toEqual([
      String.raw`^(user|(RunMat|MATLAB|Octave)([:.][A-Za-z0-9_-]+){1,7})$`,
    ])
    const flat = out.replaceAll(/\s+/g, ' ')
    for (const text of Object.values(all.questions)) expect(flat).toContain(text)
    for (const { title, fields } of all.events) {
      expect(flat).toContain(title)
      for (const { field, carries, why } of fields) {
        expect(flat).toContain(`${field} ${carries} Why: ${why}`)
      }
    }
  })

  it('writes nothing', async () => {
    const home = tempHome()
    await cli(home, ['dictionary'])
    expect(home.has(home.clientId)).toBe(false)
    expect(home.has(home.settings)).toBe(false)
  })
})
