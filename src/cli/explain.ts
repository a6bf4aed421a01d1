import type { Contract } from '../contract/contracts.ts'
import type { FieldNote } from '../contract/dictionary.ts'
import { textWidth } from './fold.ts'
import type { Invocation } from './invocation.ts'
import { wrap } from './words.ts'

/** Each field in words, from the table that builds the events. */
export function explanation({ ink, io }: Invocation, { title, fields }: Contract): string {
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
