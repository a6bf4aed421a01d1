import { type Ask, grouping, isOf, list, numberIn, type Question, sum } from './question.ts'

export const unfinished: Question = {
  name: 'unfinished',
  title: 'How many runs never finish?',
  note: 'Runs whose start arrived and whose end did not.',
  leading: [],
  columns: ['started', 'finished', 'unfinished'],
  sql: (ask: Ask) => {
    const by = ask.by ?? []
    // Of a run, its start says where and what it was.
    const carried = by.map(
      (name) => `min(CASE WHEN kind = 'started' THEN ${name} ELSE '~' END) AS run_${name}`,
    )
    const leading = by.map((name) => `run_${name} AS ${name}`)
    const order = by.includes('day') ? by : ['started DESC', ...by]
    return `
WITH runs AS (
  SELECT ${list(
    [
      'session',
      "max(CASE WHEN kind = 'started' THEN 1 ELSE 0 END) AS has_started",
      "max(CASE WHEN kind = 'finished' THEN 1 ELSE 0 END) AS has_finished",
    ],
    carried,
  )}
  FROM facts
  WHERE kind IN ('started', 'finished') AND session IS NOT NULL AND ${isOf(ask)}
  GROUP BY session
)
SELECT ${list(leading, ['count(*) AS started', sum('has_finished = 1', 'finished')])}
FROM runs WHERE has_started = 1
${grouping(by.map((name) => `run_${name}`))}
ORDER BY ${order.join(', ')}`
  },
  shape: (rows) =>
    rows.map((row) => ({
      ...row,
      unfinished: numberIn(row, 'started') - numberIn(row, 'finished'),
    })),
}
