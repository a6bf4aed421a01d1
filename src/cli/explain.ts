import type { Contract } from '../contract/contracts.ts'
import type { FieldNote } from '../contract/dictionary.ts'
import type { Invocation } from './invocation.ts'
import { wrap } from './words.ts'

/** Each field in words, from the table that builds the events. */
export function explanation({ ink }: Invocation, { title, fields }: Contract): string {
  return [
    `${title}: these fields and no others.`,
    '',
    ...fields.flatMap(({ field, carries, why, values, names }) => [
      ink.strong(field),
      ...wrap(carries, '  '),
      ...wrap(`Why: ${why}`, '  '),
      ...(values.length === 0 ? [] : wrap(`One of: ${values.join(', ')}.`, '  ')),
      ...namesText(names),
      '',
    ]),
  ].join('\n')
}

/** Names that speak for themselves in one paragraph, the others with what they mean. */
function namesText(names: FieldNote['names']): readonly string[] {
  if (names.length === 0) return []
  return names.every(({ meaning }) => meaning === '')
    ? wrap(`Holds: ${names.map(({ name }) => name).join(', ')}.`, '  ')
    : ['  Holds:', ...names.flatMap(({ name, meaning }) => wrap(`${name}: ${meaning}`, '    '))]
}
