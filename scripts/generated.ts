import type { DocumentedKind } from '../src/contract/contract.ts'
import { type Contract, documentedContracts } from '../src/contract/documented.ts'
import type { FieldNote } from '../src/contract/dictionary.ts'
import { jsonSchemaOf } from '../src/contract/json-schema.ts'
import { runmat } from '../src/product/runmat.ts'

/** A document that is generated from the contract. */
export interface Generated {
  readonly path: string
  /** Makes the new text from the current one. */
  readonly text: (current: string) => string
}

/** The family's last contract: the end of a run has all fields of its start. */
function contractOfKind(kind: DocumentedKind): Contract<DocumentedKind> {
  const contract = documentedContracts(runmat).findLast((one) => one.kind === kind)
  if (contract === undefined) throw new Error(`no events of the kind ${kind}`)
  return contract
}

export const generated: readonly Generated[] = [
  ...(['usage', 'runtime', 'install', 'erase'] as const).map((kind) => ({
    path: `schemas/${kind}.json`,
    // What `print --schema` prints.
    text: () => `${JSON.stringify(jsonSchemaOf(runmat, contractOfKind(kind)), undefined, 2)}\n`,
  })),
  {
    path: 'docs/COLLECTED.md',
    text: (current) =>
      (['usage', 'runtime', 'install', 'erase'] as const).reduce(
        (text, kind) => between(kind, text, fieldsTable(contractOfKind(kind).fields)),
        current,
      ),
  },
]

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
  // The formatter would pad every cell to the longest of its column.
  const kept = ['<!-- oxfmt-ignore-start -->', content, '<!-- oxfmt-ignore-end -->'].join('\n\n')
  return `${before}${start}\n${kept}\n${end}${after}`
}
