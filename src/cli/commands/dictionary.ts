import { documentedContracts } from '../../contract/documented.ts'
import {
  type Dictionary,
  type DictionaryField,
  dictionaryOf,
  type ValueNote,
} from '../../contract/dictionary.ts'
import type { Invocation } from '../invocation.ts'
import { toJson } from '../io.ts'
import { wrap } from '../words.ts'

/** Every field of every event: what it carries, why, and which question it answers. */
export function dictionary({ product, io, ink }: Invocation, { json }: { json?: boolean }): void {
  const all = dictionaryOf(product, documentedContracts(product))
  if (json) return io.out(toJson(all))
  const width = io.outWidth()
  const part = (text: string, margin = '  ') => wrap(text, margin, width)
  const about = (one: DictionaryField): readonly string[] => {
    const { field, required, value, carries, why, answers, since, meanings = {} } = one
    return [
      ink.strong(field),
      ...part(carries),
      ...part(`Why: ${why}`),
      ...part(`Value: ${valueText(value)}.${required ? '' : ' May be missing.'}`),
      ...Object.entries(meanings).flatMap(([name, text]) => part(`${name}: ${text}`, '    ')),
      ...part(`Answers: ${answers.join(', ')}. Since ${since}.`),
      '',
    ]
  }
  const eventLines = ({ family, title, fields }: Dictionary['events'][number]) =>
    part(`${title} (${family}): these fields and no others.`, '').concat('', fields.flatMap(about))
  const lines = [
    ...part(`Everything that ${product.name} telemetry collects, to answer these questions:`, ''),
    ...Object.entries(all.questions).flatMap(([name, text]) => part(`${name}: ${text}`)),
    '',
    ...all.events.flatMap(eventLines),
  ]
  io.out(lines.join('\n'))
}

function valueText(value: ValueNote): string {
  const { type, minimum, maximum, values, pattern, max_length: most, names, each } = value
  const { max_items: items } = value
  const words = values?.join(', ')
  if (type === 'boolean') return 'true or false'
  if (items !== undefined && each !== undefined) return `up to ${items} times ${valueText(each)}`
  if (names) {
    const content = each === undefined ? 'an object' : `for each name, ${valueText(each)}`
    return `${content}; names: ${names.join(', ')}`
  }
  if (pattern !== undefined) {
    const form = `text that matches ${pattern}`
    const limit = most === undefined ? '' : `, at most ${most} characters`
    return form + limit + (words === undefined ? '' : `, or ${words}`)
  }
  if (words !== undefined) return values?.length === 1 ? `always ${words}` : `one of ${words}`
  return `${type === 'integer' ? 'a whole number' : 'a number'} from ${minimum} to ${maximum}`
}
