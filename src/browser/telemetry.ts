import type { RunFinish, RunStart } from '../record/run.ts'
import { openConsent } from './consent.ts'
import { type BrowserTelemetryOptions, readOptions } from './options.ts'
import { quietly } from './page.ts'
import { type BrowserRun, previewRun, silentRun, startRun } from './runs.ts'

/** What a page, or a worker in it, holds. Nothing here throws, waits, or writes to the console. */
export interface BrowserTelemetry {
  /** Has the person agreed, does their browser not object, and is there somewhere to send to? */
  readonly collecting: boolean
  /** Starts a run; the event of its end is sent when it is finished. */
  readonly startRun: (start: RunStart) => BrowserRun
  /**
   * `true` starts. Anything else stops at once: no further request is made, what waits is dropped,
   * the id is forgotten, and runs that have started stay silent for good. What the browser has been
   * given before, it may still deliver.
   */
  readonly setConsent: (consent: boolean) => void
  /** The exact bytes of the event of such a run's end. Nothing is sent, made or kept for it. */
  readonly preview: (start?: RunStart, finish?: RunFinish) => string
  /** What to give to `createBrowserTelemetry` in a worker: it sees neither id nor Do Not Track. */
  readonly workerOptions: () => BrowserTelemetryOptions
  /** Ends it, after a last try for what waits; settles within seconds, whatever comes of it. */
  readonly close: () => Promise<void>
}

export function createBrowserTelemetry(given: BrowserTelemetryOptions = {}): BrowserTelemetry {
  const options = readOptions(given)
  const consent = openConsent(options)
  let isOpen = true
  return {
    get collecting() {
      return isOpen && quietly(consent.session) !== undefined
    },
    startRun: (start) =>
      (isOpen && quietly(() => startRun(consent, options.version, start))) || silentRun,
    setConsent: (value) => {
      quietly(() => consent.set(value))
    },
    preview: (start, finish) =>
      quietly(() => previewRun(consent, options.version, start, finish)) ?? '',
    workerOptions: () =>
      quietly(
        () =>
          consent.session() && {
            ...options,
            telemetryConsent: true,
            telemetryId: consent.clientId(),
          },
      ) ?? { telemetryConsent: false },
    close: async () => {
      isOpen = false
      // Where it fails, nothing was left to end.
      await consent.close().catch(() => undefined)
    },
  }
}
