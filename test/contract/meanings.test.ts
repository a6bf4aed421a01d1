import { readFileSync } from 'node:fs'
import path from 'node:path'

import { describe, expect, it } from 'vitest'

import type { DocumentedKind, EventContract } from '../../src/contract/contract.ts'
import { documentedContracts } from '../../src/contract/documented.ts'
import { dictionaryOf, meaningsOf } from '../../src/contract/dictionary.ts'
import { questions } from '../../src/contract/meanings.ts'
import type { Value } from '../../src/contract/schema.ts'
import { runmat } from '../../src/product/runmat.ts'

const file = path.join(import.meta.dirname, '../../package.json')
const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }
const contracts = documentedContracts(runmat)

const meanings = contracts.flatMap((contract) =>
  Object.entries(meaningsOf(runmat, contract)).map(
    ([field, meaning]) => [`${contract.title}: ${field}`, meaning] as const,
  ),
)

describe('every field', () => {
  it.each(meanings)('%s answers a question and says why', (_, { carries, why, answers }) => {
    expect(answers).not.toEqual([])
    for (const answer of answers) expect(Object.keys(questions)).toContain(answer)
    expect(carries).toMatch(/^[A-Z].*\.$/)
    expect(why).toMatch(/^[A-Z].*\.$/)
  })

  it.each(meanings)('%s is collected by this version', (_, { since = version, until }) => {
    expect(compare(since, version)).toBeLessThanOrEqual(0)
    expect(until === undefined || compare(version, until) < 0).toBe(true)
  })
})

/** As versions are ordered, without what follows a dash. */
function compare(one: string, other: string): number {
  const numbers = (text: string) => text.split('-')[0]?.split('.').map(Number) ?? []
  const [first, second] = [numbers(one), numbers(other)]
  return first.map((part, at) => part - (second[at] ?? 0)).find((part) => part !== 0) ?? 0
}

describe('every question', () => {
  it.each(Object.keys(questions))('%s is answered by some field', (question) => {
    expect(
      meanings.some(([, { answers }]) => (answers as readonly string[]).includes(question)),
    ).toBe(true)
  })
})

describe('the dictionary', () => {
  it.each(contracts.map((contract) => [contract.title, contract] as const))(
    'has each field of %s once, in wire order',
    (title, contract) => {
      const event = dictionaryOf(runmat, contracts).events.find((one) => one.title === title)
      expect(event?.fields.map(({ field }) => field)).toEqual(pathsIn(contract))
      expect(event?.labels).toEqual(contract.labels)
      expect(Object.keys(meaningsOf(runmat, contract)).toSorted()).toEqual(
        pathsIn(contract).toSorted(),
      )
    },
  )

  it('is the same after a round trip as JSON', () => {
    const dictionary = dictionaryOf(runmat, contracts)
    expect(JSON.parse(JSON.stringify(dictionary))).toEqual(dictionary)
  })
})

function pathsIn({ schema }: EventContract<DocumentedKind>): readonly string[] {
  const inside = (value: Value, prefix: string): readonly string[] =>
    value.kind !== 'object'
      ? []
      : Object.entries(value.fields).flatMap(([name, field]) => [
          prefix + name,
          ...inside(field, `${prefix}${name}.`),
        ])
  return inside(schema, '')
}
