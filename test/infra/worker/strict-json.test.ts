import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { flawIn, mayBeFlawed } from '../../../infra/common/src/events/strict-json.ts'

/** JSON as it is written: names may come twice, in any spelling. */
type Tree = string | readonly Tree[] | { readonly members: readonly (readonly [string, Tree])[] }

const space = fc.constantFrom('', ' ', '\n', '\t ')
const text = fc.oneof(
  fc.constantFrom('a', 'b', '\\', '"', '\\"', ':', '{', '}', ',', 'é', ''),
  fc.string({ maxLength: 6 }),
)

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.record({ members: fc.array(fc.tuple(text, tie('tree')), { maxLength: 4 }) }),
  ),
}))

function hasTwice(value: Tree): boolean {
  if (typeof value === 'string') return false
  if (!('members' in value)) return value.some(hasTwice)
  const { members } = value
  const names = new Set(members.map(([name]) => name))
  return names.size < members.length || members.some(([, inner]) => hasTwice(inner))
}

/** Writes it with the given white space, and every third name in escapes only. */
function written(value: Tree, pad: string): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (!('members' in value)) return `[${value.map((one) => written(one, pad)).join(`${pad},`)}]`
  const members = value.members.map(([name, inner], index) => {
    const literal = index % 3 === 2 ? escaped(name) : JSON.stringify(name)
    return `${literal}${pad}:${pad}${written(inner, pad)}`
  })
  return `{${pad}${members.join(`,${pad}`)}}`
}

function escaped(name: string): string {
  const units = Array.from({ length: name.length }, (_, at) => name.charCodeAt(at))
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`
}

describe('a name that stands twice in one object', () => {
  it('is found wherever it is and however it is written, and nothing else is', () => {
    fc.assert(
      fc.property(tree, space, (value, pad) => {
        const json = written(value, pad)
        const parsed: unknown = JSON.parse(json)
        expect(flawIn(json)?.kind).toBe(hasTwice(value) ? 'twice' : undefined)
        if (!mayBeFlawed(json, parsed)) expect(hasTwice(value)).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  it('is not looked for in events that are as plain as those of our own client', () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
    const texts = ['{"a":1,"b":{"a":[true,{"a":"x"}]}}', nested(32), nested(33), '{"a":1,"a":2}']
    const looks = texts.map((json) => mayBeFlawed(json, JSON.parse(json)))
    expect(looks).toEqual([false, false, true, true])
  })

  it('is looked for in time that grows with the text only', () => {
    const long = `{"a":"${'\\\\'.repeat(500_000)}","b":"${'\\"'.repeat(500_000)}"}`
    const start = process.cpuUsage()
    expect(flawIn(long)).toBeUndefined()
    const { user, system } = process.cpuUsage(start)
    expect((user + system) / 1000).toBeLessThan(2000)
  })
})
