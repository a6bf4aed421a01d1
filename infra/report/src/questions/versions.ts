import { compareReleases } from './releases.ts'
import { type Ask, grouping, isOf, list, type Question, sum } from './question.ts'

export const versions: Question = {
  name: 'versions',
  title: 'Which releases are in use?',
  note: 'Newest first. Clients are distinct ids of any event.',
  leading: ['release'],
  columns: ['clients', 'runs', 'installs', 'first', 'last'],
  sql: (ask: Ask) => {
    const by = ask.by ?? ['release']
    return `
SELECT ${list(by, [
      'count(DISTINCT client) AS clients',
      sum("kind = 'finished'", 'runs'),
      sum("kind = 'install' AND step = 'complete'", 'installs'),
      'min(facts.day) AS first',
      "max(CASE WHEN facts.day = 'unknown' THEN '' ELSE facts.day END) AS last",
    ])}
FROM facts WHERE ${isOf(ask)}
${grouping(by)}
HAVING count(*) > 0
ORDER BY ${list(by, ['clients DESC'])}`
  },
  shape: (rows) =>
    rows
      .map((row) => ({ ...row, last: row['last'] === '' ? 'unknown' : (row['last'] ?? null) }))
      .toSorted((a, b) => compareReleases(textIn(a, 'release'), textIn(b, 'release'))),
}

function textIn(row: Readonly<Record<string, unknown>>, name: string): string {
  const value = row[name]
  return typeof value === 'string' ? value : ''
}
