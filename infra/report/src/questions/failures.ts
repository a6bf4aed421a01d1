import { type Ask, grouping, isOf, list, type Question } from './question.ts'

const leading = ['area', 'stage', 'code', 'component'] as const

export const failures: Question = {
  name: 'failures',
  title: 'Where do runs fail?',
  note: 'Failed runs. A REPL session always reports success.',
  leading,
  columns: ['runs', 'installs'],
  sql: (ask: Ask) => {
    const by = ask.by ?? leading
    const order = by.includes('day') ? by : ['runs DESC', ...by]
    return `
SELECT ${list(by, ['count(*) AS runs', 'count(DISTINCT client) AS installs'])}
FROM facts WHERE kind = 'finished' AND failed = 1 AND ${isOf(ask)}
${grouping(by)}
HAVING count(*) > 0
ORDER BY ${order.join(', ')}`
  },
  shape: (rows) => rows,
}
