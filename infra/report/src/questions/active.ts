import { type Ask, grouping, isOf, list, type Question, sum } from './question.ts'

export const active: Question = {
  name: 'active',
  title: 'How often are acceleration and JIT active?',
  note: 'Shares of finished runs.',
  leading: [],
  columns: ['finished', 'jit_enabled', 'jit_used', 'accelerate_enabled', 'gpu_used'],
  sql: (ask: Ask) => {
    const by = ask.by ?? []
    const order = by.includes('day') ? by : ['finished DESC', ...by]
    return `
SELECT ${list(by, [
      'count(*) AS finished',
      ...['jit_enabled', 'jit_used', 'accelerate_enabled', 'gpu_used'].map((name) =>
        sum(`facts.${name} = 1`, name),
      ),
    ])}
FROM facts WHERE kind = 'finished' AND ${isOf(ask)}
${grouping(by)}
ORDER BY ${order.join(', ')}`
  },
  shape: (rows) => rows,
}
