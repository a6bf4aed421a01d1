import {
  type Ask,
  grouping,
  isOf,
  list,
  numberIn,
  type Question,
  type Row,
  type Value,
} from './question.ts'

export const usage: Question = {
  name: 'usage',
  title: 'What is used?',
  note: 'The newest counters of each install, added up. They are totals since its first run and no runs of this period.',
  leading: ['group', 'name'],
  columns: ['count', 'installs'],
  sql: (ask: Ask) => {
    const by = ask.by ?? []
    return `
WITH numbered AS (
  SELECT ${list(by, ['counts', 'row_number() OVER (PARTITION BY coalesce(client, id) ORDER BY sequence DESC, day DESC, counts DESC) AS place'])}
  FROM facts WHERE kind = 'usage' AND ${isOf(ask)}
)
SELECT ${list(by, ['counts', 'count(*) AS installs'])}
FROM numbered WHERE place = 1
${grouping([...by, 'counts'])}
ORDER BY ${list(by, ['counts'])}`
  },
  shape: countersOf,
}

/** Takes the packed counters apart and adds them up. */
function countersOf(rows: readonly Row[]): readonly Row[] {
  const totals = new Map<string, { row: Record<string, Value>; count: number; installs: number }>()
  for (const { counts, installs, ...by } of rows) {
    for (const entry of String(counts ?? '').split('|')) {
      const [group, name, count] = entry.split(' ')
      if (group === undefined || name === undefined) continue
      const row = { ...by, group, name }
      const key = JSON.stringify(row)
      const total = totals.get(key) ?? { row, count: 0, installs: 0 }
      total.count += Number(count) * Number(installs)
      total.installs += Number(installs)
      totals.set(key, total)
    }
  }
  const summed = [...totals.values()].map(({ row, count, installs }) =>
    Object.assign(row, { count, installs }),
  )
  return summed.toSorted(
    (a, b) =>
      orderOf(a).localeCompare(orderOf(b), 'en') ||
      numberIn(b, 'count') - numberIn(a, 'count') ||
      String(a['name']).localeCompare(String(b['name']), 'en'),
  )
}

const groups = ['subcommand', 'engine', 'capability']

/** By group first, then by what else was counted by. */
function orderOf(row: Row): string {
  const own = new Set(['group', 'name', 'count', 'installs'])
  const by = Object.entries(row).flatMap(([name, value]) => (own.has(name) ? [] : [value]))
  return `${groups.indexOf(String(row['group']))} ${JSON.stringify(by)}`
}
