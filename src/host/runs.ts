import { type Live, openLive, type Pending } from '../deliver/live.ts'
import { newUuid } from '../files/uuid.ts'
import { queueFinished } from '../record/queue-finished.ts'
import { buildFinished, buildStarted, type RunFinish, type RunStart } from '../record/run.ts'
import { usableVersion } from '../record/usage.ts'
import type { Context } from '../settings/context.ts'
import { mintClientId } from '../store/client-id.ts'

/** One run of the host's. Finishing it twice, or after the end of telemetry, does nothing. */
export interface Run {
  readonly finish: (finish: RunFinish) => void
}

export interface Runs {
  readonly start: (start: RunStart) => Run
  /** Waits as the settings say, and queues on disk what was not confirmed. */
  readonly close: () => Promise<void>
}

export interface RunsOptions {
  readonly context: () => Context
  readonly version: string
  readonly userAgent: string
  /** In the first run on a machine nothing leaves, in any way. */
  readonly mayLeaveNow: () => boolean
  readonly show: (context: Context, bytes: string) => void
}

/** Runs are sent while they last, and by the uploader where that did not work. */
export function openRuns({ context, version, userAgent, mayLeaveNow, show }: RunsOptions): Runs {
  let live: Live | undefined
  let isOpen = true

  const send = (event: Pending): void => {
    const now = context()
    if (!now.verdict.uploading) return
    show(now, event.bytes)
    if (live === undefined) {
      live = openLive({ context, userAgent, mayLeave: mayLeaveNow() })
      // A host that ends without a word loses nothing either.
      process.once('exit', keep)
    }
    live.offer(event)
  }
  const keep = (): void => {
    process.removeListener('exit', keep)
    const { unconfirmed = [], lost = 0 } = live?.end() ?? {}
    live = undefined
    try {
      queueFinished(context(), unconfirmed, lost)
    } catch {
      // The disk did not take them, and nobody must hear of it.
    }
  }
  const begin = (start: RunStart): Run => {
    const { product, environment, paths, verdict } = context()
    if (!isOpen || !verdict.uploading) return over
    const identity = {
      clientId: mintClientId(paths.clientId),
      sessionId: newUuid(),
      platform: environment.platform,
      arch: environment.arch,
      release: usableVersion(version),
    }
    const since = performance.now()
    const id = newUuid()
    const bytes = buildStarted(product, identity, { eventId: id, now: environment.now() }, start)
    // Without a start there is nothing that could finish.
    if (bytes === undefined) return over
    send({ id, bytes })
    let isFinished = false
    return {
      finish: quietly((finish) => {
        if (isFinished || !isOpen) return
        isFinished = true
        const eventId = newUuid()
        const elapsedUs = Math.round((performance.now() - since) * 1000)
        const moment = { eventId, now: environment.now(), elapsedUs }
        const last = buildFinished(product, identity, moment, start, finish)
        if (last !== undefined) send({ id: eventId, bytes: last })
      }),
    }
  }
  return {
    start: (start) => {
      try {
        return begin(start)
      } catch {
        return over
      }
    },
    close: async () => {
      isOpen = false
      await live?.drain()
      keep()
    },
  }
}

const over: Run = { finish: () => undefined }

function quietly<T>(work: (value: T) => void): (value: T) => void {
  return (value) => {
    try {
      work(value)
    } catch {
      // Whatever the host passed in: its run goes on.
    }
  }
}
