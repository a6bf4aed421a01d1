import { upload as deliver } from '../../deliver/upload.ts'
import { buildVersion } from '../../product/build.ts'
import { namesIn } from '../../files/read.ts'
import { watch } from '../../settings/context.ts'
import { foreignIn } from '../../store/foreign.ts'
import { queuedNames } from '../../store/queue.ts'
import { readUploadState } from '../../store/upload-state.ts'
import { cannotWrite, restsUntilMended, unlistedText } from '../access.ts'
import { hostOf, keptText, troubleText } from '../delivery-words.ts'
import { foldErr, foldOut } from '../fold.ts'
import { type Invocation, reassessed } from '../invocation.ts'
import { CliError, failed } from '../error.ts'
import { othersText, othersWaiting } from '../queued.ts'
import { type Io, toJson } from '../io.ts'
import { because, foreignText, headline, plural, setAsideText } from '../words.ts'

/** As long as a person may want to watch. */
const deadlineMs = 60 * 60 * 1000

const stops = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Delivers now, in the foreground. Answers with the exit code: 1 while events remain. */
export async function upload(
  invocation: Invocation,
  { json }: { json?: boolean },
): Promise<number> {
  const { io, product, environment, context } = invocation
  const { paths, choices } = context
  const [foreign] = foreignIn(paths)
  if (foreign !== undefined) throw unreadable(foreignText(foreign, context))
  const unlisted = unlistedText(context)
  if (unlisted !== undefined) throw unreadable(unlisted)
  const host = hostOf(choices.endpoint.value)
  const waiting = queuedNames(paths.queue).length
  const progress = progressLine(io)
  if (waiting > 0 && context.verdict.uploading) {
    progress.show(`Sending ${plural(waiting, 'event')} to ${host} …`)
  }
  const asideBefore = namesIn(paths.aside).length
  const stopping = new AbortController()
  // If we were killed, the kernel would go on sending what it has of ours.
  let hasHungUp = false
  const stop = (signal: NodeJS.Signals) => {
    hasHungUp ||= signal === 'SIGHUP'
    stopping.abort()
  }
  for (const signal of stops) process.once(signal, stop)
  const end = await deliver({
    signal: stopping.signal,
    context: watch(product, environment),
    userAgent: `${product.id}-telemetry/${buildVersion}`,
    impatient: true,
    deadlineMs,
    onProgress: ({ delivered }) => progress.show(`Delivered ${delivered} of ${waiting} …`),
  })
    .catch((error: unknown) => {
      const events = plural(queuedNames(paths.queue).length, 'event')
      throw cannotWrite(error, context, (remedy) => `${events} kept. ${remedy}, then try again.`)
    })
    .finally(() => {
      for (const signal of stops) process.removeListener(signal, stop)
      // Nobody is there to be told, and without its terminal Node crashes if it exits normally.
      if (hasHungUp) process.kill(process.pid, 'SIGHUP')
      progress.show('')
    })
  const kept = queuedNames(paths.queue).length
  const { next_attempt } = reassessed(invocation).context.verdict.uploading
    ? readUploadState(paths.uploads, context.choices.endpoint.value)
    : { next_attempt: null }
  const { attempted, delivered, reason } = end
  if (json) {
    io.out(toJson({ attempted, delivered, kept, reason, next_attempt }))
  } else {
    const aside = namesIn(paths.aside).length
    if (aside > asideBefore) {
      io.err(`${foldErr([setAsideText(aside - asideBefore, context)], io).join('\n')}\n`)
    }
    const others = kept === 0 ? 0 : othersWaiting(invocation)
    const outcome = { delivered, kept: kept - others, reason, next: next_attempt }
    const told = [...sentences(invocation, outcome), ...(others === 0 ? [] : [othersText(others)])]
    io.out(`${foldOut(told, io).join('\n')}\n`)
  }
  return kept === 0 ? 0 : failed
}

function unreadable(why: string): CliError {
  return new CliError(`Nothing was sent: ${why}`, {
    hint: restsUntilMended,
  })
}

interface Outcome {
  readonly delivered: number
  readonly kept: number
  readonly reason: string | null
  readonly next: string | null
}

/** What happened, why, and what it means for the events that are still here. */
function sentences(invocation: Invocation, outcome: Outcome): readonly string[] {
  const { context, environment, ink } = invocation
  const { delivered, kept, reason, next } = outcome
  // The delivery reads the settings again, and may have found another verdict.
  if (!context.verdict.uploading && delivered === 0 && reason?.startsWith('off ') === true) {
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
  const wasStopped = kept === 0 && reason === 'the collector answered 410'
  const last = { context, result: reason, next, now: environment.now() }
  return [
    ...done,
    ...(reason === null ? [] : [ink.warning(troubleText(reason, host, context))]),
    ...(kept === 0 ? [] : [keptText(kept, last)]),
    ...(wasStopped ? ['What was waiting was deleted, and nothing is sent any more.'] : []),
  ]
}

/** One line that is written over again and again, in a terminal only. */
function progressLine(io: Io): { readonly show: (text: string) => void } {
  let length = 0
  return {
    show: (text) => {
      if (!io.errIsTerminal() || (text === '' && length === 0)) return
      // Spaces, because not every terminal knows how to erase a line.
      const rest = ' '.repeat(Math.max(0, length - text.length))
      io.err(`\r${text}${rest}${text === '' ? '\r' : ''}`)
      length = text.length
    },
  }
}
