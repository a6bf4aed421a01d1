import { readFileSync } from 'node:fs'
import path from 'node:path'

import { ReportError, reasonOf } from '../error.ts'
import { makeFolder, writeTogether } from '../output.ts'
import type { Answers } from '../show/answers.ts'
import { csvOf } from '../show/csv.ts'
import { coverageLine } from '../show/heading.ts'
import { htmlOf, linksOf } from '../show/html.ts'
import { jsonOf } from '../show/json.ts'
import { changesOf, dictionary, dictionaryPage, isChange, isEntry } from './dictionary.ts'

export const periods = [30, 90, 365] as const

const remark =
  'Counts are rounded to ten, and shares are those of the rounded counts. What fewer than 20 installs did is left out or shown as –, and so is as much more as would give it away.'

const empty = 'Too few to publish.'

/** Everything is made before the first file is written. */
export function writeSite(folder: string, made: readonly Answers[], day: string): void {
  const links = [
    ...periods.map((period) => ({ text: `${period} days`, href: `${period}.html` })),
    { text: 'every field', href: 'dictionary.html' },
  ]
  const files = new Map<string, string>()
  for (const [at, answers] of made.entries()) {
    const period = periods[at] ?? 0
    const data = [
      { text: 'JSON', href: `${period}.json` },
      { text: 'CSV', href: `${period}.csv` },
    ]
    const { events, from } = answers.coverage
    const isFew = events === 0 && from !== null
    const rests = isFew ? empty : coverageLine(answers.coverage, { isRounded: true })
    const coverage = `${period} days to ${day}. ${rests.endsWith('.') ? rests : `${rests}.`}`
    const page = htmlOf(answers, {
      links: [...links, ...data],
      remark,
      coverage,
      empty,
    })
    files.set(`${period}.html`, page)
    if (period === periods[0]) files.set('index.html', page)
    files.set(`${period}.json`, jsonOf(answers))
    files.set(`${period}.csv`, csvOf(answers))
  }
  const entries = dictionary()
  const before = previous(folder, 'dictionary.json', isEntry)
  const earlier = previous(folder, 'changes.json', isChange) ?? []
  const changes = changesOf(before, entries, earlier, day)
  files.set('dictionary.html', dictionaryPage(entries, changes, linksOf({ links })))
  files.set('changes.json', `${JSON.stringify(changes, null, 2)}\n`)
  // Last, because the next changes are seen by comparing with it: a site that was killed writes them again.
  files.set('dictionary.json', `${JSON.stringify(entries, null, 2)}\n`)
  makeFolder(folder)
  writeTogether(new Map([...files].map(([name, text]) => [path.join(folder, name), text])))
}

/** A list that an earlier site has. */
function previous<One>(
  folder: string,
  name: string,
  isOne: (value: unknown) => value is One,
): readonly One[] | undefined {
  const file = path.join(folder, name)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const { code = '' } = error as { code?: string }
    if (['ENOENT', 'ENOTDIR'].includes(code)) return undefined
    throw new ReportError(`Can't read ${file}: ${reasonOf(error)}.`)
  }
  const list = listIn(text)
  if (list?.every(isOne) === true) return list
  const problem = list === undefined ? 'it is not a list in JSON' : 'something strange is in it'
  throw new ReportError(`Can't read ${file}: ${problem}.`, {
    hint: 'Remove it to begin a new list of changes.',
  })
}

function listIn(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
