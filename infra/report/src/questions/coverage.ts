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
    return `
WITH machines AS (
  SELECT ${list(own, [
    'coalesce(client, id) AS who',
    'max(CASE WHEN client IS NULL THEN 0 ELSE 1 END) AS has_client',
    'count(*) AS n',
    sum("day = 'unknown'", 'without_day'),
    "max(CASE WHEN kind = 'usage' THEN sequence ELSE -1 END) AS last_one",
    "min(CASE WHEN kind = 'usage' AND sequence >= 0 THEN sequence ELSE 9007199254740991 END) AS first_one",
    "count(DISTINCT CASE WHEN kind = 'usage' AND sequence >= 0 THEN sequence ELSE NULL END) AS there",
  ])}
  FROM facts
  GROUP BY ${list(ask.by === undefined ? [family] : by, ['coalesce(client, id)'])}
)
SELECT ${list(leading, [
      'CAST(coalesce(sum(n), 0) AS BIGINT) AS events',
      sum('has_client = 1', 'clients'),
      'CAST(coalesce(sum(without_day), 0) AS BIGINT) AS undated',
      'CAST(coalesce(sum(CASE WHEN there = 0 THEN 0 ELSE last_one - first_one + 1 - there END), 0) AS BIGINT) AS lost',
    ])}
FROM machines
${grouping(leading)}
ORDER BY ${leading.length === 0 ? 'events' : leading.join(', ')}`
  },
  shape: (rows) => rows,
}
