import { upload as deliver } from '../../deliver/upload.ts'
import { buildVersion } from '../../product/build.ts'
import { namesIn } from '../../files/read.ts'
import { watch } from '../../settings/context.ts'
import { queuedNames } from '../../store/queue.ts'
import { readUploadState } from '../../store/upload-state.ts'
import { hostOf, nextTry, troubleText } from '../delivery-words.ts'
import { foldOut } from '../fold.ts'
import type { Invocation } from '../invocation.ts'
import { failed } from '../error.ts'
import { toJson } from '../io.ts'
import { because, headline, plural, setAsideText } from '../words.ts'

/** As long as a person may want to watch. */
const deadlineMs = 60 * 60 * 1000

/** Delivers now, in the foreground. Answers with the exit code: 1 while events remain. */
export async function upload(
  invocation: Invocation,
  { json }: { json?: boolean },
): Promise<number> {
  const { io, product, environment, context } = invocation
  const { paths, choices } = context
  const host = hostOf(choices.endpoint.value)
  const waiting = queuedNames(paths.queue).length
  if (io.errIsTerminal() && waiting > 0 && context.verdict.uploading) {
    io.err(`Sending ${plural(waiting, 'event')} to ${host} …`)
  }
  const asideBefore = namesIn(paths.aside).length
  const end = await deliver({
    context: watch(product, environment),
    userAgent: `${product.id}-telemetry/${buildVersion}`,
    impatient: true,
    deadlineMs,
    onProgress: ({ delivered }) => {
      if (io.errIsTerminal()) io.err(`\rDelivered ${delivered} of ${waiting} …\u001b[K`)
    },
  })
  if (io.errIsTerminal()) io.err('\r\u001b[K')
  const kept = queuedNames(paths.queue).length
  const { next_attempt } = readUploadState(paths.uploads, context.choices.endpoint.value)
  const { attempted, delivered, reason } = end
  if (json) {
    io.out(toJson({ attempted, delivered, kept, reason, next_attempt }))
  } else {
    const aside = namesIn(paths.aside).length
    if (aside > asideBefore) io.err(`${setAsideText(aside - asideBefore, context)}\n`)
    const wait = nextTry(next_attempt, environment.now())
    const told = sentences(invocation, { delivered, kept, reason, wait })
    io.out(`${foldOut(told, io).join('\n')}\n`)
  }
  return kept === 0 ? 0 : failed
}

interface Outcome {
  readonly delivered: number
  readonly kept: number
  readonly reason: string | null
  readonly wait: string | undefined
}

/** What happened, why, and what it means for the events that are still here. */
function sentences(invocation: Invocation, outcome: Outcome): readonly string[] {
  const { context } = invocation
  const { delivered, kept, reason, wait } = outcome
  if (!context.verdict.uploading) {
    return [
      `${headline(context)} ${because(context)}`,
      kept === 0 ? 'Nothing was sent.' : `Nothing was sent. ${plural(kept, 'event')} kept.`,
    ]
  }
  const done = delivered === 0 ? [] : [`Delivered ${plural(delivered, 'event')}.`]
  if (kept === 0 && reason === null) {
    return done.length === 0 ? ['Nothing is waiting to be sent.'] : done
  }
  const host = hostOf(context.choices.endpoint.value)
  const then = wait === undefined ? '' : `; next try in about ${wait}`
  return [
    ...done,
    ...(reason === null ? [] : [troubleText(reason, host)]),
    `${plural(kept, 'event')} kept${then}.`,
  ]
}
