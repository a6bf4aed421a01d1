import { change } from '../change.ts'
import { type Context, reassessed } from '../context.ts'
import { report } from '../report.ts'
import { alsoBecause, because, headline, tidy, wayOut } from '../words.ts'

export function enable(context: Context, { json }: { json?: boolean }): void {
  const changed = change(context, [[context.product.keys.enabled, true]])
  const after = reassessed(context)
  const { situation } = after
  const file = tidy(situation.paths.settings, situation)
  const { collecting, uploading } = situation.verdict
  const blocked = collecting
    ? []
    : ['It stays off for another reason:', because(situation), ...alsoBecause(situation)]
  report(after, json, { changed }, [
    changed ? `Turned on in ${file}` : `It was turned on already in ${file}`,
    ...blocked,
    ...(collecting ? [headline(situation)] : []),
    ...(collecting && !uploading ? [because(situation), ...wayOut(situation)] : []),
  ])
}
