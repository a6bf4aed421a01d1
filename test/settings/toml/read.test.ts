import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { parse, TomlError } from 'smol-toml'
import { describe, expect, it } from 'vitest'

import { TomlFault } from '../../../src/settings/toml/fault.ts'
import { readToml } from '../../../src/settings/toml/read.ts'
import { valuesIn, withoutLists } from '../values.ts'
import { dice } from './dice.ts'
import { anyLine, plainLine } from './lines.ts'
import { nasty } from './nasty.ts'

/** What the parser says: the values, with all lists alike, or what is wrong and where. */
const parsed = (text: string): unknown => {
  try {
    return withoutLists(parse(text, { integersAsBigInt: 'asNeeded' }))
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [message] = error.message.replace('Invalid TOML document: ', '').split('\n')
    return { message, line: error.line, column: error.column, excerpt: error.codeblock }
  }
}

/** What we say. */
const ours = (text: string): unknown => {
  try {
    return valuesIn(readToml(text))
  } catch (error) {
    if (!(error instanceof TomlFault)) throw error
    const { message, line, column, excerpt } = error
    return { message, line, column, excerpt }
  }
}

/** How many of the documents are valid. */
function compare(documents: readonly string[]): number {
  expect(documents.filter((text) => !isDeepStrictEqual(ours(text), parsed(text)))).toEqual([])
  return documents.filter((text) => !(ours(text) as { excerpt?: string }).excerpt).length
}

describe('a document', () => {
  it('is for us what it is for the parser', () => {
    const runs = 20_000
    const some = compare(
      fc.sample(
        fc.array(anyLine, { maxLength: 4 }).map((all) => all.join('')),
        runs,
      ),
    )
    expect(some).toBeGreaterThan(runs / 20)
    const many = compare(
      fc.sample(
        fc.array(plainLine, { maxLength: 12 }).map((all) => all.join('')),
        runs,
      ),
    )
    expect(many).toBeGreaterThan(runs / 4)
    compare(fc.sample(dice, 1000).map((rolls) => nasty(rolls, true).text))
  })

  it('may go as deep as RunMat reads, and no deeper', () => {
    const forms: readonly (readonly [string, string, string, number])[] = [
      ['[', '1', ']', 0],
      ['[', '{}', ']', 1],
      ['[ ', '[ ], ', ']', 1],
      ['[[], ', '0x1', ' ]', 1],
      ['[{}, ', '[1]', ']', 1],
      ['{a = ', '1', '}', 0],
      ['{b = {}, a = ', '{}', '}', 1],
      ['[{a = [', '', ']}]', 0],
    ]
    for (const [open, inside, close, more] of forms) {
      const levels = open.replaceAll(/\[\]|\{\}/g, '').match(/[[{]/g)?.length ?? 0
      for (let depth = 1; depth <= 140; depth += 1) {
        const text = `x = ${open.repeat(depth)}${inside}${close.repeat(depth)}\n`
        const isTaken = levels * depth + more <= 127
        const found = ours(text) as { message?: string }
        if (isTaken) expect({ depth, found }).toEqual({ depth, found: parsed(text) })
        else expect({ depth, text: found.message }).toEqual({ depth, text: 'nested too deeply' })
      }
    }
  })

  it('may have 4,000 lists and tables in one another, and no more', () => {
    // Each of them counts, and so does the one around.
    const text = (items: number) => `x = [${'[[[1]]],'.repeat(items)}1]\n`
    expect(ours(text(1333))).toEqual(parsed(text(1333)))
    expect(ours(text(1334))).toMatchObject({
      message: 'too many lists and tables in one another',
    })
  })

  // One that takes the square of its length takes longer than a test may.
  it(
    'is told from any other without going over its lines again and again',
    { timeout: 10_000 },
    () => {
      const units = [
        ' ',
        '\t',
        'a',
        'a.',
        '[',
        '#',
        '"',
        "'",
        '1',
        ' \t',
        'a = 1 ',
        '\r',
        '=',
        '[a',
        ',1',
        '1,',
        ' 1 ,\t',
        '"a",',
      ]
      const starts = ['', 'a = ', 'a', 'a = "', '[', '[a.', 'a = 1', 'a = [', 'a = [1', '#']
      const ends = ['', '!', 'a', '"', '= 1', ']', '\x00']
      const texts = units.flatMap((unit) => {
        const long = unit.repeat(65_000 / unit.length)
        return starts.flatMap((start) => ends.map((end) => start + long + end))
      })
      expect(texts.filter((text) => ours(text) !== undefined)).toHaveLength(texts.length)
    },
  )
})
