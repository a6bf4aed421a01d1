import { documentedContracts } from '../../contract/documented.ts'
import {
  type Dictionary,
  type DictionaryField,
  dictionaryOf,
  type ValueNote,
} from '../../contract/dictionary.ts'
import {
  component,
  deviceText,
  moment,
  platformName,
  uuid,
  version,
} from '../../contract/values.ts'
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
    const pattern = unnamedForm(value)
    const missing = required ? '' : 'May be missing.'
    return [
      ink.strong(field),
      ...part(carries),
      ...part(`Why: ${why}`),
      ...(pattern === undefined
        ? part(`Value: ${valueText(value)}. ${missing}`.trimEnd())
        : [
            ...part(`Value: ${valueText(value)}:`),
            `    ${pattern}`,
            ...(required ? [] : part(missing)),
          ]),
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
    ...part(`The exact form of every value: ${product.command} dictionary --json`, ''),
    '',
    ...all.events.flatMap(eventLines),
  ]
  io.out(lines.join('\n'))
}

/** What people call a form, where a pattern would say it to programs only. */
const forms: ReadonlyMap<string, string> = new Map(
  (
    [
      [uuid, 'a random UUID'],
      [moment, 'a time in UTC, such as 2026-11-30T08:15:00Z'],
      [version, 'a version, such as 0.6.1'],
      [platformName, 'a platform, such as linux-x86_64'],
      [component, 'a name, such as name_resolution'],
      [deviceText, 'the name of a device or of its maker'],
    ] as const
  ).map(([value, words]) => [value.pattern.source, words]),
)

/** A pattern that nobody has words for stands on a line of its own, which is not broken. */
function unnamedForm({ pattern, each }: ValueNote): string | undefined {
  if (pattern === undefined) return each && unnamedForm(each)
  return forms.has(pattern) ? undefined : pattern
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
    const form = forms.get(pattern) ?? 'text of this form'
    const limit = most === undefined ? '' : `, at most ${most} characters`
    return form + limit + (words === undefined ? '' : `, or ${words}`)
  }
  if (words !== undefined) return values?.length === 1 ? `always ${words}` : `one of ${words}`
  return `${type === 'integer' ? 'a whole number' : 'a number'} from ${minimum} to ${maximum}`
}
