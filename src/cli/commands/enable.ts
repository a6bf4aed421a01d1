import type { KeyPath } from '../../product/product.ts'
import { settingsTargets } from '../../settings/targets.ts'
import { change } from '../change.ts'
import { type Invocation, reassessed, report } from '../invocation.ts'
import { wayOut } from '../way-out.ts'
import {
  alsoBecause,
  because,
  endpointText,
  headline,
  hostHere,
  ifItHasKey,
  tidy,
} from '../words.ts'

export function enable(invocation: Invocation, { json }: { json?: boolean }): void {
  const [main = invocation.context.paths.settings] = settingsTargets(invocation.context)
  const changed = change(invocation, [
    [invocation.product.keys.enabled, true],
    ...olderNoes(invocation).map((key) => [key, undefined] as const),
  ])
  const after = reassessed(invocation)
  const { context, product } = after
  const where = changed.length > 0 ? changed : [main]
  const said = changed.length > 0 ? 'Turned on in' : 'It was turned on already in'
  const { collecting, uploading } = context.verdict
  const others = alsoBecause(context)
  const reasons = others.length === 0 ? 'another reason' : 'other reasons'
  const blocked = collecting ? [] : [`It stays off for ${reasons}:`, because(context), ...others]
  const isUnheard = !collecting && hostHere(context)?.agrees === false
  report(after, json, { changed: changed.length > 0 }, [
    ...where.map((file) => `${said} ${tidy(file, context)}`),
    ...blocked,
    ...(isUnheard
      ? [`${product.name} itself ignores that, and sends from here${ifItHasKey(context)}.`]
      : []),
    ...(collecting ? [headline(context)] : []),
    // The address in the file may be an old one, or somebody else's.
    ...(uploading && context.choices.endpoint.file !== undefined ? [endpointText(context)] : []),
    ...(collecting && !uploading ? [because(context), ...wayOut(context)] : []),
    `See what would be sent: ${invocation.ink.name(`${product.command} print`)}`,
  ])
}

/** The opt-outs in the user's own settings that an older spelling says. */
function olderNoes({ product, context }: Invocation): readonly KeyPath[] {
  const ours = settingsTargets(context)
  const files = context.settings.files.filter(({ path }) => ours.includes(path))
  return product.keys.alsoEnabled.filter((key) =>
    files.some(({ table }) => table.valueAt(key) === false),
  )
}
