import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

import { describe, expect, it } from 'vitest'

import { progressOn } from '../../../infra/report/src/progress.ts'
import { finished, folder, lines, report } from './support/cli.ts'

const many = lines(...Array.from({ length: 6000 }, () => finished()))
const erased = '\r\u001B[K'

/** What a terminal showed, one after the other. */
function stepsIn(err: string): readonly string[] {
  expect(err.startsWith(erased) && err.endsWith(erased)).toBe(true)
  return err.split(erased).slice(1, -1)
}

function sharesIn(steps: readonly string[], pattern: RegExp): readonly number[] {
  return steps.flatMap((step) => {
    const share = pattern.exec(step)?.[1]
    return share === undefined ? [] : [Number(share)]
  })
}

describe('while a person waits in a terminal', () => {
  it.each([
    ['a plain segment', 'ndjson', (text: string) => Buffer.from(text)],
    ['a compressed one', 'ndjson.gz', (text: string) => gzipSync(text, { level: 0 })],
  ])('says how much of the day is read, of %s', async (_, ending, made) => {
    const place = folder()
    for (const name of ['a', 'b'])
      writeFileSync(path.join(place, `2026-11-20.${name}.${ending}`), made(many))
    writeFileSync(path.join(place, `2026-11-21.a.${ending}`), made(many))
    const { code, err } = await report(['--from', place, 'coverage'], { isErr: true })
    expect(code).toBe(0)
    const steps = stepsIn(err)
    const shares = sharesIn(steps, /^Converting 2026-11-20 \(1 more\): (\d+) % read …$/)
    expect(shares.length).toBeGreaterThan(8)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).toBe(100)
    expect(steps).toContain('Converting 2026-11-21: 100 % read …')
  })

  it('says it of a file and of the open day, and of the standard input how much came', async () => {
    const place = folder()
    const open = path.join(place, '2026-11-28.w.ndjson')
    writeFileSync(open, many)
    for (const from of [place, open]) {
      const { err } = await report(['--from', from, 'coverage'], { isErr: true })
      const shares = sharesIn(stepsIn(err), /^Reading 2026-11-28\.w\.ndjson: (\d+) % …$/)
      expect(shares.length).toBeGreaterThan(4)
      expect(shares.at(-1)).toBe(100)
    }
    const { err } = await report(['--from', '-', 'coverage'], { isErr: true, stdin: many })
    expect(stepsIn(err)).toEqual([
      `Reading the standard input: ${Math.floor(many.length / 1e6)} MB …`,
    ])
  })

  it('keeps to one line of a narrow terminal, and makes way for what stays', () => {
    let err = ''
    const { step, note, end } = progressOn((text) => (err += text), { isErr: true, columns: 40 })
    step('w'.repeat(100))
    note('One file is damaged.')
    step('short')
    step('short')
    end()
    const line = `${'w'.repeat(37)} …`
    expect(err).toBe(`${erased}${line}${erased}One file is damaged.\n${erased}short …${erased}`)
  })

  it('shows nothing where no terminal is', async () => {
    const place = folder()
    writeFileSync(path.join(place, '2026-11-20.w.ndjson'), many)
    expect(await report(['--from', place, 'coverage'])).toMatchObject({ code: 0, err: '' })
  })
})
