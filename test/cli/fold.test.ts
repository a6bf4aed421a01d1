import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { foldErr, foldOut, textWidth } from '../../src/cli/fold.ts'

const terminal = (width: number) => ({ outIsTerminal: true, outWidth: () => width })
const pipe = {
  outIsTerminal: false,
  outWidth: () => {
    throw new Error('a pipe has no width')
  },
}

const words = fc.array(fc.stringMatching(/^[a-z./:]{1,30}$/), { minLength: 1, maxLength: 40 })
const line = fc
  .tuple(fc.constantFrom('', '  ', '    '), words)
  .map(([margin, parts]) => margin + parts.join(' '))

describe('text in a terminal', () => {
  it('loses no word, and no line is wider than the terminal but a word that is', () => {
    fc.assert(
      fc.property(fc.array(line), fc.integer({ min: 20, max: 200 }), (lines, width) => {
        const folded = foldOut(lines, terminal(width))
        const wordsIn = (some: readonly string[]) => some.join(' ').split(/\s+/)
        expect(wordsIn(folded)).toEqual(wordsIn(lines))
        // What fits into the width that reads well is shown as it is, even in a narrower one.
        if (lines.every((one) => one.length <= 60)) expect(folded).toEqual(lines)
        const wasFolded = lines.some((one) => one.length > 60)
        for (const one of wasFolded ? folded : []) {
          if (one.length > width) expect(one.trimStart()).not.toContain(' ')
        }
      }),
    )
  })

  it('continues further in where its first line stands in, or is told to hang', () => {
    const text = `${'word '.repeat(20)}end`
    const starts = (lines: readonly string[]) => lines.map((one) => /^ */.exec(one)?.[0].length)
    expect(starts(foldOut([text], terminal(61)))).toEqual([0, 0])
    expect(starts(foldOut([`  ${text}`], terminal(61)))).toEqual([2, 4])
    expect(starts(foldOut([text], terminal(61), '  '))).toEqual([0, 2])
  })

  it('ends no line with the spaces between two columns', () => {
    const columns = `${'a'.repeat(30)}  ${'b'.repeat(40)}`
    expect(foldOut([columns], terminal(40))).toEqual(['a'.repeat(30), 'b'.repeat(40)])
  })

  it('breaks each of several lines by itself', () => {
    const both = `${'word '.repeat(12)}end\n\n  12:  ${'long '.repeat(20)}\n`
    expect(foldOut([both], terminal(40))).toEqual([
      ...foldOut([both.split('\n')[0] ?? ''], terminal(40)),
      ...both.split('\n').slice(1),
    ])
  })

  it('counts no colours', () => {
    const bold = `\u001b[1m${'x'.repeat(30)}\u001b[22m ${'y'.repeat(30)}`
    expect(foldOut([bold], terminal(61))).toEqual([bold])
  })

  it('keeps a line of a settings file and the caret below it', () => {
    const excerpt = [`  12:  key = "${'long '.repeat(30)}"`, `${' '.repeat(80)}^`]
    expect(foldOut(excerpt, terminal(40))).toEqual(excerpt)
  })

  it('is not asked for its width where every line is short', () => {
    const io = { ...pipe, outIsTerminal: true }
    expect(foldOut(['short'], io)).toEqual(['short'])
  })
})

describe('text in a pipe', () => {
  it('keeps its lines', () => {
    const long = 'word '.repeat(40)
    expect(foldOut([long], pipe)).toEqual([long])
    expect(foldErr([long], { errIsTerminal: () => false, errWidth: pipe.outWidth })).toEqual([long])
    expect(textWidth(pipe)).toBe(60)
  })
})
