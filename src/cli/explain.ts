import type { FieldNote } from '../contract/contract.ts'
import type { Context } from './context.ts'
import { wrap } from './wrap.ts'

/** Each field in words, from the table that builds the events. */
export function explanation({ product, ink }: Context, fields: readonly FieldNote[]): string {
  return [
    `A ${product.name} usage event has these fields and no others:`,
    '',
    ...fields.flatMap(({ field, carries, why, allowed }) => [
      ink.strong(field),
      ...wrap(carries, '  '),
      ...wrap(`Why: ${why}`, '  '),
      ...(allowed.length === 0 ? [] : wrap(`Can be: ${allowed.join(', ')}.`, '  ')),
      '',
    ]),
  ].join('\n')
}
