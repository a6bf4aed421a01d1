import { Argument, InvalidArgumentError } from 'commander'

import type { Kind } from '../contract/contract.ts'
import type { Product } from '../product/product.ts'
import { isEventId, shortestPrefix } from './queued.ts'

/** Where an operand has this name, the shells complete the ids of events that wait. */
export const eventOperand = 'event'

export function eventArgument(kinds: readonly Kind[]): Argument {
  const about =
    'family of events, or the id of one that is waiting, or ' +
    `at least its first ${shortestPrefix} characters`
  return new Argument(`[${eventOperand}]`, about)
    .choices(kinds)
    .default('usage')
    .argParser((value: string) => {
      if ((kinds as readonly string[]).includes(value) || isEventId(value)) return value
      throw new InvalidArgumentError(
        `Allowed choices are ${kinds.join(', ')}, and the ids that print --queued shows, ` +
          `or at least their first ${shortestPrefix} characters.`,
      )
    })
}

/** The families of events that the product sends. */
export function kindsOf({ runtime, installs }: Product): readonly Kind[] {
  return [
    'usage',
    ...(runtime ? ['runtime' as const] : []),
    ...(installs ? ['install' as const] : []),
  ]
}
