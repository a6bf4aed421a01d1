import type { Context } from './context.ts'
import { toJson } from './io.ts'

/** How a command that changed something answers: one JSON object, or a few sentences. */
export function report(
  { io, situation }: Context,
  json: boolean | undefined,
  details: Readonly<Record<string, unknown>>,
  sentences: readonly string[],
): void {
  const { verdict, paths } = situation
  const answer = {
    ...details,
    file: paths.settings,
    collecting: verdict.collecting,
    uploading: verdict.uploading,
    decided_by: verdict.decidedBy,
  }
  io.out(json ? toJson(answer) : `${sentences.join('\n')}\n`)
}
