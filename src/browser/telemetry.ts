import type { RunFinish, RunStart } from '../record/run.ts'
import { openConsent } from './consent.ts'
import { type BrowserTelemetryOptions, readOptions } from './options.ts'
import { quietly } from './page.ts'
import { type BrowserRun, previewRun, silentRun, startRun } from './runs.ts'

/** Telemetry of a page or web worker. Nothing here throws, waits or writes to the console. */
export interface BrowserTelemetry {
  /** True if the user has agreed, the browser does not object, and there is an address. */
  readonly collecting: boolean
  /** Starts a run. Finishing it sends its second event. */
  readonly startRun: (start: RunStart) => BrowserRun
  /**
   * `true` starts. Anything else stops at once: no further request is made, waiting events are dropped,
   * the id is removed, and runs that have started send nothing more. The browser may still deliver
   * what it was given before.
   */
  readonly setConsent: (consent: boolean) => void
  /** The exact bytes of the second event of such a run. Nothing is sent, made or stored. */
  readonly preview: (start?: RunStart, finish?: RunFinish) => string
  /** What to pass to `createBrowserTelemetry` in a worker, which sees neither id nor Do Not Track. */
  readonly workerOptions: () => BrowserTelemetryOptions
  /** Ends it after a last attempt to send what is waiting. Settles within seconds in any case. */
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
      // A closed one can still be told no.
      if (isOpen || (value as unknown) !== true) quietly(() => consent.set(value))
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
      // If it fails, there was nothing left to end.
      await consent.close().catch(() => undefined)
    },
  }
}
