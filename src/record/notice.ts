import type { Product } from '../product/product.ts'
import type { Context } from '../settings/context.ts'
import { ignoresVariables } from '../settings/host.ts'
import { isSet } from '../settings/verdict.ts'

/** Shown on stderr before anything can leave this machine. */
export function noticeText(product: Product): string {
  const { name, command, variables, docs, publicReport } = product
  const variable = ignoresVariables(product) ? '' : `, or ${variables.off}=1`
  const report = publicReport === undefined ? '' : `What comes of it: ${publicReport}\n`
  return (
    `${name} collects usage statistics: a random id, versions,\n` +
    'platform, GPU name, counters, durations and identifiers of\n' +
    'errors; never code, data, arguments or paths.\n' +
    'Nothing is sent during this first run.\n' +
    `See it: ${command} print\n` +
    `Turn off: ${command} disable${variable}\n` +
    `More: ${docs}\n` +
    report
  )
}

/** Where to show each event as it is queued or sent: a variable asks for stderr, a setting for stdout. */
export function shownOn({ product, environment, choices }: Context): readonly ('out' | 'err')[] {
  return [
    ...(isSet(environment.env[product.variables.show]) ? ['err' as const] : []),
    ...(choices.showPayloads.value ? ['out' as const] : []),
  ]
}
