const columns = {
  what: ({ what }) => what,
  median: ({ median, unit = 'ms' }) => amount(median, unit),
  p99: ({ p99, unit = 'ms' }) => amount(p99, unit),
  beside: ({ beside = '' }) => beside,
  ratio: ({ ratio }) => (ratio === undefined ? '' : `${ratio.toFixed(2)} ×`),
  limit: ({ limit = '' }) => limit,
  verdict: ({ holds }) => (holds === undefined ? '' : holds ? 'holds' : 'falls short'),
}

/** A table that is readable in a terminal and valid Markdown. */
export function tableOf(rows) {
  const cells = rows.map((row) => Object.values(columns).map((cell) => cell(row)))
  const names = Object.keys(columns)
  const widths = names.map((name, at) =>
    Math.max(name.length, ...cells.map((row) => row[at].length)),
  )
  const line = (row) => `| ${row.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`
  return [line(names), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join(
    '\n',
  )
}

function amount(value, unit) {
  if (value === undefined) return ''
  const digits = unit === '/s' || Number.isInteger(value) ? 0 : value < 10 ? 3 : 1
  return `${value.toFixed(digits)} ${unit}`.trimEnd()
}
