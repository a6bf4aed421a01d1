import type { Kind } from '../contract/contract.ts'
import type { FieldNote } from '../contract/dictionary.ts'
import { type Contract, contractsOf } from '../contract/documented.ts'
import { jsonSchemaOf } from '../contract/json-schema.ts'
import { CliError } from './error.ts'
import { textWidth } from './fold.ts'
import type { Invocation } from './invocation.ts'
import { toJson } from './io.ts'
import { wrap } from './words.ts'

/** What an event of the family may hold, for programs or for people. */
export function explain(
  invocation: Invocation,
  kind: Kind,
  { json, schema }: { readonly json?: boolean; readonly schema?: boolean },
): void {
  const { io, product } = invocation
  // Of a run, what its end says includes all that its start does.
  const contract = contractsOf(product).findLast((one) => one.kind === kind)
  if (contract === undefined) throw new CliError(`${product.name} sends no ${kind} events.`)
  if (schema) {
    io.out(toJson(jsonSchemaOf(product, contract)))
  } else {
    io.out(json ? toJson(contract.fields) : explanation(invocation, contract))
  }
}

/** Each field in words, from the table that builds the events. */
function explanation({ ink, io }: Invocation, { title, fields }: Contract): string {
  const width = textWidth(io)
  const part = (text: string, margin = '  ') => wrap(text, margin, width)
  return [
    `${title}: these fields and no others.`,
    '',
    ...fields.flatMap(({ field, carries, why, values, names }) => [
      ink.strong(field),
      ...part(carries),
      ...part(`Why: ${why}`),
      ...(values.length === 0 ? [] : part(`One of: ${values.join(', ')}.`)),
      ...namesText(names, part),
      '',
    ]),
  ].join('\n')
}

/** Names that speak for themselves in one paragraph, the others with what they mean. */
function namesText(
  names: FieldNote['names'],
  part: (text: string, margin?: string) => readonly string[],
): readonly string[] {
  if (names.length === 0) return []
  return names.every(({ meaning }) => meaning === '')
    ? part(`Holds: ${names.map(({ name }) => name).join(', ')}.`)
    : ['  Holds:', ...names.flatMap(({ name, meaning }) => part(`${name}: ${meaning}`, '    '))]
}
