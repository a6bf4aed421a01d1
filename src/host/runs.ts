import { runtimePlatformOf } from '../contract/platform.ts'
import { type Live, openLive } from '../deliver/live.ts'
import { steadyMs } from '../files/clock.ts'
import { newUuid } from '../files/uuid.ts'
import { queueFinished } from '../record/queue-finished.ts'
import { buildFinished, buildStarted, type RunFinish, type RunStart } from '../record/run.ts'
import { usableVersion } from '../record/usage.ts'
import type { Context } from '../settings/context.ts'
import { mintClientId } from '../store/client-id.ts'
import { wipeMark } from '../store/wipe-mark.ts'
import type { Recorder } from './recorder.ts'

/** One run of the host's. Only the first `finish` counts, and none after telemetry was closed. */
export interface Run {
  readonly finish: (finish: RunFinish) => void
}

export interface Runs {
  readonly start: (start: RunStart) => Run
  /** Waits as long as the settings allow, then queues on disk what was not confirmed. */
  readonly close: () => Promise<void>
}

export interface RunsOptions {
  readonly context: () => Context
  readonly version: string
  readonly userAgent: string
  readonly recorder: Pick<Recorder, 'mayLeaveNow' | 'show'>
}

/** Sends a run's events while the host lives; what was not confirmed is left to the uploader. */
export function openRuns({ context, version, userAgent, recorder }: RunsOptions): Runs {
  let live: Live | undefined
  let isOpen = true

  const send = (id: string, bytes: string): void => {
    const now = context()
    if (!now.verdict.uploading) return
    const event = { id, bytes, mark: wipeMark(now.paths) }
    recorder.show(now, bytes)
    if (live === undefined) {
      live = openLive({ context, userAgent, mayLeave: recorder.mayLeaveNow() })
      // A host that ends without closing loses nothing either.
      process.once('exit', keepAtExit)
    }
    live.offer(event)
  }
  const keepAtExit = (): void => keep(true)
  const keep = (isExit: boolean): void => {
    process.removeListener('exit', keepAtExit)
    if (live === undefined) return
    const { unconfirmed, lost } = live.end({ isExit })
    live = undefined
    try {
      const now = context()
      const current = unconfirmed.length > 0 ? wipeMark(now.paths) : ''
      const wanted = unconfirmed.filter(({ mark }) => mark === current)
      // The queue may be deleted between that look and the last file.
      queueFinished(now, wanted, lost, () => current === '' || wipeMark(now.paths) === current)
    } catch {
      // They could not be written. The host must not notice.
    }
  }
  const begin = (start: RunStart): Run => {
    const { product, environment, paths, verdict } = context()
    if (!isOpen || !verdict.uploading) return runIsOver
    const identity = {
      clientId: mintClientId(paths.clientId),
      sessionId: newUuid(),
      ...runtimePlatformOf(environment.platform, environment.arch),
      release: usableVersion(version),
    }
    const since = steadyMs()
    const id = newUuid()
    const bytes = buildStarted(product, identity, { eventId: id, now: environment.now() }, start)
    if (bytes === undefined) return runIsOver
    send(id, bytes)
    let isFinished = false
    return {
      finish: quietly((finish) => {
        if (isFinished || !isOpen) return
        isFinished = true
        const eventId = newUuid()
        const elapsedUs = Math.round((steadyMs() - since) * 1000)
        const moment = { eventId, now: environment.now(), elapsedUs }
        const last = buildFinished(product, identity, moment, start, finish)
        if (last !== undefined) send(eventId, last)
      }),
    }
  }
  return {
    start: begin,
    close: async () => {
      isOpen = false
      await live?.drain()
      keep(false)
    },
  }
}

/** What a host gets if nothing is recorded. */
export const runIsOver: Run = { finish: () => undefined }

function quietly<T>(work: (value: T) => void): (value: T) => void {
  return (value) => {
    try {
      work(value)
    } catch {
      // Whatever the host passed in, it must not fail.
    }
  }
}
