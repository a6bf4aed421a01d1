import { jsonSchemaOf } from '../src/cli/json-schema.ts'
import type { FieldNote } from '../src/contract/contract.ts'
import { usageContract, usageSchema } from '../src/contract/usage.ts'
import type { Product } from '../src/product/product.ts'
import { runmat } from '../src/product/runmat.ts'

/** A document that says what the contract says, and how it follows from the contract. */
export interface Generated {
  readonly path: string
  /** The whole text as it has to be, from the text as it is. */
  readonly text: (current: string) => string
}

export const generated: readonly Generated[] = [
  { path: 'schemas/usage.json', text: () => usageJsonSchema(runmat) },
  {
    path: 'README.md',
    text: (current) => between('fields', current, fieldsTable(usageContract(runmat).fields)),
  },
]

/** What `print --schema` prints. */
function usageJsonSchema(product: Product): string {
  const schema = jsonSchemaOf(usageContract(product).title, usageSchema(product))
  return `${JSON.stringify(schema, undefined, 2)}\n`
}

function fieldsTable(fields: readonly FieldNote[]): string {
  return [
    '| Field | What it carries | Why |',
    '|---|---|---|',
    ...fields.map(({ field, carries, why, values, names }) => {
      const words = [...values, ...names.map(({ name }) => name)].map((word) => `\`${word}\``)
      const allowed = words.length === 0 ? '' : ` Allowed: ${words.join(', ')}.`
      return row(`\`${field}\``, carries + allowed, why)
    }),
  ].join('\n')
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function between(name: string, text: string, content: string): string {
  const start = `<!-- ${name}:start -->`
  const end = `<!-- ${name}:end -->`
  const [before, rest] = text.split(start)
  const [, after] = rest?.split(end) ?? []
  if (before === undefined || after === undefined) throw new Error(`no ${start} … ${end}`)
  // The formatter would pad every cell of a column to the longest.
  const kept = ['<!-- oxfmt-ignore-start -->', content, '<!-- oxfmt-ignore-end -->'].join('\n\n')
  return `${before}${start}\n${kept}\n${end}${after}`
}
