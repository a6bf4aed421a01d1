import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import hcl from 'hcl2-parser'

import { root } from '../../support/run.ts'

export type Value = string | number | boolean | null | Value[] | { [name: string]: Value }
export type Block = Record<string, Value>
type Blocks = Record<string, Record<string, Block[]>>

export interface Configuration {
  readonly files: readonly { readonly name: string; readonly text: string }[]
  readonly variables: Readonly<Record<string, Block>>
  readonly outputs: Readonly<Record<string, Block>>
  readonly locals: Readonly<Record<string, Value>>
  /** By address, such as `google_compute_network.telemetry` or `data.google_project.this`. */
  readonly resources: ReadonlyMap<string, Block>
}

export const folder = path.join(root, 'infra/terraform')

export function readConfiguration(): Configuration {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.tf'))
    .map((name) => ({ name, text: readFileSync(path.join(folder, name), 'utf8') }))
  const parsed = files.map(parse)
  const all = (kind: string): [string, Block][] =>
    parsed.flatMap((file) =>
      Object.entries((file[kind] ?? {}) as Record<string, Block[]>).map(
        ([name, [block]]): [string, Block] => [name, block ?? {}],
      ),
    )
  const addressed = (kind: string, prefix: string): [string, Block][] =>
    parsed.flatMap((file) =>
      Object.entries((file[kind] ?? {}) as Blocks).flatMap(([type, named]) =>
        Object.entries(named).map(([name, [block]]): [string, Block] => [
          `${prefix}${type}.${name}`,
          block ?? {},
        ]),
      ),
    )
  return {
    files,
    variables: Object.fromEntries(all('variable')),
    outputs: Object.fromEntries(all('output')),
    locals: Object.assign({}, ...parsed.flatMap((file) => file['locals'] ?? [])) as Block,
    resources: new Map([...addressed('resource', ''), ...addressed('data', 'data.')]),
  }
}

function parse({ name, text }: { name: string; text: string }): Block {
  const [parsed, error] = hcl.parseToObject(text) as [Block | null, unknown]
  if (parsed === null) throw new Error(`${name} is not HCL: ${JSON.stringify(error)}`)
  return parsed
}

/** Finds all blocks of this name at any depth. */
export function find(value: Value | undefined, name: string): Value[] {
  if (Array.isArray(value)) return value.flatMap((one) => find(one, name))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === name ? [inner].flat() : find(inner, name),
  )
}

export function textOf(value: Value | undefined): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw new TypeError(`not a text: ${JSON.stringify(value)}`)
}

/** Renders a text with every variable's default and stand-ins for what only Google knows. */
export function render(text: string, configuration: Configuration): string {
  const { variables, locals } = configuration
  return text.replaceAll(/\$\{([^{}]*)\}/g, (whole, expression: string) => {
    const [, first, otherwise] = /^coalesce\((\S+), (\S+)\)$/.exec(expression) ?? []
    if (first !== undefined) {
      const chosen = render(`\${${first}}`, configuration)
      return chosen === '' ? render(`\${${otherwise}}`, configuration) : chosen
    }
    const [, kind, name = ''] = /^(var|local)\.(\w+)$/.exec(expression) ?? []
    if (kind === 'var') return textOf(variables[name]?.['default'] ?? 'stand-in.example')
    if (kind === 'local') return render(textOf(locals[name]), configuration)
    // The rest belongs to the shell.
    return expression.includes('google_') ? 'stand-in' : whole
  })
}
