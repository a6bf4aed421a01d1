import { type Ask, grouping, list, type Question, sum } from './question.ts'

export const coverage: Question = {
  name: 'coverage',
  title: 'How much of it is here?',
  note: 'Lost are the numbers missing between the first and the last usage event of each client.',
  leading: ['family'],
  columns: ['events', 'clients', 'undated', 'lost'],
  sql: (ask: Ask) => {
    const by = ask.by ?? []
    const family =
      "CASE WHEN kind = 'usage' THEN 'usage' WHEN kind = 'install' THEN 'install' ELSE 'runtime' END"
    const leading = ask.by === undefined ? ['family'] : by
    const own = ask.by === undefined ? [`${family} AS family`] : by
    const groups = ask.by === undefined ? [family] : by
    // Few events have a number, so they are counted apart.
    return `
WITH parts AS (
  SELECT ${list(own, [
    'CASE WHEN client IS NULL THEN 0 ELSE 1 END AS has_client',
    'count(*) AS n',
    sum("day = 'unknown'", 'without_day'),
    '0 AS gap',
  ])}
  FROM facts
  GROUP BY ${list(groups, ['client'])}
  UNION ALL
  SELECT ${list(own, [
    '0 AS has_client',
    '0 AS n',
    '0 AS without_day',
    'max(sequence) - min(sequence) + 1 - count(DISTINCT sequence) AS gap',
  ])}
  FROM facts WHERE kind = 'usage' AND sequence >= 0
  GROUP BY ${list(groups, ['coalesce(client, id)'])}
)
SELECT ${list(leading, [
      'CAST(coalesce(sum(n), 0) AS BIGINT) AS events',
      sum('has_client = 1', 'clients'),
      'CAST(coalesce(sum(without_day), 0) AS BIGINT) AS undated',
      'CAST(coalesce(sum(gap), 0) AS BIGINT) AS lost',
    ])}
FROM parts
${grouping(leading)}
ORDER BY ${leading.length === 0 ? 'events' : leading.join(', ')}`
  },
  shape: (rows) => rows,
}
