import type { Situation } from '../settings/situation.ts'
import { isSet } from '../settings/verdict.ts'

/** Where a user wants to see each event as it is queued or sent: one asks by a variable, one by a setting. */
export function shownOn({ product, surroundings, choices }: Situation): readonly ('out' | 'err')[] {
  return [
    ...(isSet(surroundings.env[product.variables.show]) ? ['err' as const] : []),
    ...(choices.showPayloads.value ? ['out' as const] : []),
  ]
}
