import { upload as deliver } from '../../deliver/upload.ts'
import { buildVersion } from '../../product/build.ts'
import { watch } from '../../settings/context.ts'
import { queuedNames } from '../../store/queue.ts'
import { readUploadState } from '../../store/upload-state.ts'
import type { Invocation } from '../invocation.ts'
import { failed } from '../error.ts'
import { toJson } from '../io.ts'
import { plural } from '../words.ts'

/** As long as a person may want to watch. */
const deadlineMs = 60 * 60 * 1000

/** Delivers now, in the foreground. Answers with the exit code: 1 while events remain. */
export async function upload(
  invocation: Invocation,
  { json }: { json?: boolean },
): Promise<number> {
  const { io, product, environment, context } = invocation
  const { paths } = context
  const waiting = queuedNames(paths.queue).length
  const end = await deliver({
    context: watch(product, environment),
    userAgent: `${product.id}-telemetry/${buildVersion}`,
    impatient: true,
    deadlineMs,
    onProgress: ({ delivered }) => {
      if (io.errIsTerminal()) io.err(`\rDelivered ${delivered} of ${waiting} …`)
    },
  })
  if (io.errIsTerminal() && end.attempted > 0) io.err('\r\u001b[K')
  const kept = queuedNames(paths.queue).length
  const { next_attempt } = readUploadState(paths.uploads)
  const { attempted, delivered, reason } = end
  const sentences = [
    `Delivered ${plural(delivered, 'event')}.`,
    ...(kept === 0 ? [] : [`${plural(kept, 'event')} still waiting.`]),
    ...(reason === null ? [] : [`Why: ${reason}.`]),
  ]
  io.out(
    json
      ? toJson({ attempted, delivered, kept, reason, next_attempt })
      : `${sentences.join('\n')}\n`,
  )
  return kept === 0 ? 0 : failed
}
