import { upload as deliver } from '../../deliver/upload.ts'
import { buildVersion } from '../../product/build.ts'
import { watch } from '../../settings/watch.ts'
import { queuedNames } from '../../store/queue.ts'
import { readUploads } from '../../store/uploads.ts'
import type { Context } from '../context.ts'
import { failed } from '../error.ts'
import { toJson } from '../io.ts'
import { plural } from '../words.ts'

/** As long as a person may want to watch. */
const deadlineMs = 60 * 60 * 1000

/** Delivers now, in the foreground. Answers with the exit code: 1 while events remain. */
export async function upload(context: Context, { json }: { json?: boolean }): Promise<number> {
  const { io, product, surroundings, situation } = context
  const { paths } = situation
  const waiting = queuedNames(paths.queue).length
  const end = await deliver({
    situation: watch(product, surroundings),
    userAgent: `${product.id}-telemetry/${buildVersion}`,
    impatient: true,
    deadlineMs,
    onProgress: ({ delivered }) => {
      if (io.errIsTerminal()) io.err(`\rDelivered ${delivered} of ${waiting} …`)
    },
  })
  if (io.errIsTerminal() && end.attempted > 0) io.err('\r\u001b[K')
  const kept = queuedNames(paths.queue).length
  const { next_attempt } = readUploads(paths.uploads)
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
