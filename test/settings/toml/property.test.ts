import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { removeKey, setKey } from '../../../src/settings/toml/edit.ts'
import { dice } from './dice.ts'
import { factsBeside, factsOf, locate, nameOf, tablesOn, tablesOnlyIn } from './facts.ts'
import { nasty, type Nasty, type Target } from './nasty.ts'

type Key = readonly string[]
type Host = NonNullable<Nasty['host']>

const RUNS = { numRuns: 600 }

const hasTarget = (document: Nasty): document is Nasty & { target: Target } =>
  document.target !== undefined

const hasHost = (document: Nasty): boolean => document.host !== undefined

const isOnLines = (document: Nasty): boolean => document.host === undefined

const hasSection = ({ host, tail }: Nasty): boolean => !host && tail !== undefined

const hasEnding = ({ text }: Nasty): boolean => text.includes('\n')

const present = dice.map((rolls) => nasty(rolls, true)).filter(hasTarget)
const absent = dice.map((rolls) => nasty(rolls, false))

const value = fc.oneof(
  fc.boolean(),
  fc.string(),
  fc.string({ unit: 'binary' }).filter((text) => !text.includes('¶')),
  fc.constantFrom('"""', "'''", '\\', '#', '\r\n[a]\n', '\0\u001B\u007F\u0085\u2028', '\uFEFF𝄞'),
)

/** What marks the comments; it stands nowhere else. */
const marks = (text: string): string[] => text.match(/¶\d+/g) ?? []

const expectComments = (after: string, comments: readonly string[]): void => {
  expect(marks(after)).toEqual(comments.flatMap(marks))
  expect(comments.filter((comment) => !after.includes(comment))).toEqual([])
}

const expectOnlySet = (before: string, after: string, key: Key, to: string | boolean): void => {
  const old = factsBeside(key, factsOf(before))
  const now = factsBeside(key, factsOf(after))
  expect(factsOf(after).values.get(nameOf(key))).toBe(`${typeof to} ${to}`)
  expect(now.values).toEqual(old.values)
  expect(tablesOnlyIn(old, now)).toEqual([])
  expect(tablesOn(key)).toEqual(expect.arrayContaining(tablesOnlyIn(now, old)))
}

/** Tables above the depth stay; the deeper ones were made by the dots of the key alone. */
const expectOnlyRemoved = (before: string, after: string, key: Key, depth: number): void => {
  const old = factsBeside(key, factsOf(before))
  const now = factsOf(after)
  expect(now.values).toEqual(old.values)
  expect(tablesOnlyIn(now, old)).toEqual([])
  expect(tablesOn(key, depth + 1)).toEqual(expect.arrayContaining(tablesOnlyIn(old, now)))
}

const expectSameAround = (before: string, after: string, { start, end }: Host): void => {
  expect(after.slice(0, start)).toBe(before.slice(0, start))
  expect(after.endsWith(before.slice(end))).toBe(true)
}

const lineAt = (text: string, line: number | undefined): string =>
  text.split('\n')[(line ?? 0) - 1] ?? ''

const lineCount = (text: string): number => text.split('\n').length

const endings = (text: string): Set<string> => new Set(text.match(/\r?\n/g))

const sharedStart = (one: string, other: string): number => {
  let at = 0
  while (at < one.length && one[at] === other[at]) at += 1
  return at
}

/** How many lines of the one text the other one lacks. */
const missingLines = (one: string, other: string): number => {
  const others = other.split('\n')
  return one.split('\n').filter((line) => {
    const index = others.indexOf(line)
    if (index >= 0) others.splice(index, 1)
    return index < 0
  }).length
}

/** The document without the pair's own line, of which a comment stays. */
const withoutLine = (text: string, { start, end }: Target): string => {
  const above = text.slice(0, start)
  const indented = above.replace(/[ \t]+$/, '')
  const [line = '', comment, ending] = /^[ \t]*(#[^\r\n]*)?(\r?\n|$)/.exec(text.slice(end)) ?? []
  const below = text.slice(end + line.length)
  if (comment) return above + comment + ending + below
  return ending ? indented + below : indented.replace(/\r?\n$/, '')
}

describe('setting an existing key', () => {
  it('replaces the characters of its value and no others', () => {
    const property = fc.property(present, value, ({ text, key, comments, target }, to) => {
      const after = setKey(text, key, to)

      expectSameAround(text, after, { start: target.value, end: target.end })
      expectOnlySet(text, after, key, to)
      expectComments(
        after,
        comments.filter((comment) => !target.lost.includes(comment)),
      )
      expect(setKey(after, key, to)).toBe(after)
    })
    fc.assert(property, RUNS)
  })

  it('finds its line before and after', () => {
    const property = fc.property(present, value, ({ text, key, target }, to) => {
      const line = lineCount(text.slice(0, target.start))
      expect(locate(text, key)).toBe(line)
      expect(locate(setKey(text, key, to), key)).toBe(line)
      expect(lineAt(text, line)).toContain(target.written)
    })
    fc.assert(property, RUNS)
  })
})

describe('setting a missing key', () => {
  it('adds it and no other key', () => {
    const property = fc.property(absent, value, ({ text, key, comments }, to) => {
      const after = setKey(text, key, to)

      expectOnlySet(text, after, key, to)
      expectComments(after, comments)
      expect(setKey(after, key, to)).toBe(after)
      expect(locate(text, key)).toBeUndefined()
      expect(lineAt(after, locate(after, key))).toContain(key.at(-1))
    })
    fc.assert(property, RUNS)
  })

  it('adds a line to its section, or a new line or section', () => {
    const property = fc.property(absent.filter(isOnLines), value, ({ text, key, tail }, to) => {
      const after = setKey(text, key, to)

      const at = tail ?? sharedStart(text, after)
      expectSameAround(text, after, { start: at, end: at })
      expect(lineCount(after) - lineCount(text)).toBeLessThanOrEqual(tail === undefined ? 3 : 1)
    })
    fc.assert(property, RUNS)
  })

  it('changes at most one line of an inline table', () => {
    const property = fc.property(absent.filter(hasHost), value, ({ text, key, host }, to) => {
      const after = setKey(text, key, to)

      expectSameAround(text, after, host ?? { start: 0, end: 0 })
      expect(missingLines(text, after)).toBeLessThanOrEqual(1)
      expect(lineCount(after) - lineCount(text)).toBeLessThanOrEqual(1)
    })
    fc.assert(property, RUNS)
  })

  it('uses the line endings of the document', () => {
    const property = fc.property(absent.filter(hasEnding), ({ text, key }) => {
      expect(endings(setKey(text, key, true))).toEqual(endings(text))
    })
    fc.assert(property, RUNS)
  })

  it('is undone by removing it, except for the tables it needed', () => {
    const property = fc.property(absent, value, ({ text, key }, to) => {
      const old = factsOf(text)
      const now = factsOf(removeKey(setKey(text, key, to), key))

      expect(now.values).toEqual(old.values)
      expect(tablesOnlyIn(old, now)).toEqual([])
      expect(tablesOn(key)).toEqual(expect.arrayContaining(tablesOnlyIn(now, old)))
    })
    fc.assert(property, RUNS)
  })

  it('is undone exactly in a section that already existed', () => {
    const property = fc.property(absent.filter(hasSection), value, ({ text, key }, to) => {
      expect(removeKey(setKey(text, key, to), key)).toBe(text)
    })
    fc.assert(property, RUNS)
  })
})

describe('removing a key', () => {
  it('removes no other key and no comment', () => {
    const property = fc.property(present, ({ text, key, comments, target }) => {
      const after = removeKey(text, key)

      expect(locate(after, key)).toBeUndefined()
      expectOnlyRemoved(text, after, key, target.depth)
      expectComments(
        after,
        comments.filter((comment) => !target.lost.includes(comment)),
      )
    })
    fc.assert(property, RUNS)
  })

  it('removes its line and no other', () => {
    const property = fc.property(present.filter(isOnLines), ({ text, key, target }) => {
      expect(removeKey(text, key)).toBe(withoutLine(text, target))
    })
    fc.assert(property, RUNS)
  })

  it('changes only the lines of the pair and of one comma in an inline table', () => {
    const property = fc.property(present.filter(hasHost), ({ text, key, target, host }) => {
      const after = removeKey(text, key)

      const pair = text.slice(target.start, target.end)
      expectSameAround(text, after, host ?? { start: 0, end: 0 })
      expect(missingLines(text, after)).toBeLessThanOrEqual(lineCount(pair) + 1)
    })
    fc.assert(property, RUNS)
  })

  it('does nothing if it is missing', () => {
    const property = fc.property(absent, ({ text, key }) => {
      expect(removeKey(text, key)).toBe(text)
    })
    fc.assert(property, RUNS)
  })
})
