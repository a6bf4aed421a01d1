import { change } from '../change.ts'
import { type Context, reassessed } from '../context.ts'
import { report } from '../report.ts'
import { alsoBecause, because, headline, tidy } from '../words.ts'

export function enable(context: Context, { json }: { json?: boolean }): void {
  const changed = change(context, [[context.product.keys.enabled, true]])
  const after = reassessed(context)
  const { situation } = after
  const file = tidy(situation.paths.settings, situation)
  const blocked = situation.verdict.collecting
    ? []
    : ['It stays off for another reason:', because(situation), ...alsoBecause(situation)]
  report(after, json, { changed }, [
    changed ? `Turned on in ${file}` : `It was turned on already in ${file}`,
    ...blocked,
    ...(blocked.length === 0 ? [headline(situation)] : []),
  ])
}
