import { writeSync } from 'node:fs'

import type { installLabels } from '../contract/install.ts'

import { detachUploader, type UploaderProgram } from '../deliver/detach.ts'
import { uploadIsDue } from '../deliver/schedule.ts'
import { ownUploader } from '../deliver/detach.ts'
import { buildVersion } from '../product/build.ts'
import type { Product } from '../product/product.ts'
import type { Context } from '../settings/context.ts'
import { readHostEnvironment, type HostEnvironment } from '../settings/host-environment.ts'
import { watch } from '../settings/context.ts'
import { type InstallFacts, recordInstall } from '../record/install.ts'
import type { UsageInput } from '../record/milestones.ts'
import { noticeText } from '../record/notice.ts'
import { recordUsage } from '../record/record-usage.ts'
import type { RunStart } from '../record/run.ts'
import { shownOn } from '../record/notice.ts'
import { openRuns, type Run } from './runs.ts'

/** What can be said in the same breath, so that the event of a milestone has it already. */
export interface CountDetails {
  readonly engine?: string
  readonly capabilities?: Readonly<Record<string, boolean>>
}

type InstallLabel = (typeof installLabels)[number]

export interface TelemetryOptions {
  /** The host's own version. */
  readonly version: string
  /** How the uploader is started; by default with this library's own program, under Node. */
  readonly uploader?: UploaderProgram
  /** The world to live in; by default this process's. */
  readonly environment?: HostEnvironment
}

/** What a host holds. Nothing here throws, waits for the network, or prints unasked but the notice. */
export interface Telemetry {
  /** Counts a subcommand, with its outcome where it has one, and so may reach a milestone. */
  readonly count: (subcommand: string, outcome?: string, details?: CountDetails) => void
  /** Counts which of the known engines ended up active. */
  readonly select: (engine: string) => void
  /** Remembers what is available on this install. */
  readonly capabilities: (flags: Readonly<Record<string, boolean>>) => void
  /** Says that a named milestone was reached. */
  readonly milestone: (name: string) => void
  /** Starts a run; the event of its end is sent when it is finished. */
  readonly startRun: (start: RunStart) => Run
  /** Records a step of an installation. */
  readonly install: (label: InstallLabel, facts: InstallFacts) => void
  /** What to add to the environment of workers and wrapped jobs, so that they follow this verdict. */
  readonly workerEnv: () => Readonly<Record<string, string>>
  /**
   * Waits for what runs have under way, as long as the settings allow, and starts the uploader if
   * there is work for it. The host may end at once.
   */
  readonly close: () => Promise<void>
}

export function openTelemetry(product: Product, options: TelemetryOptions): Telemetry {
  const environment = quietly(() => options.environment ?? readHostEnvironment())
  // Without a home folder nothing can be kept, not even a no.
  if (environment?.home === undefined) return silent(product)
  const look = watch(product, environment)
  let known: Context | undefined
  const context = (): Context => (known = look())
  let isFirstRun = false
  let isAnnounced = false
  let isOpen = true

  const record = (input: UsageInput): void => {
    quietly(() => {
      if (!isOpen) return
      // Where we know of no no, there is a look before anything counts, and one is enough.
      const now = known?.verdict.collecting ? known : context()
      const { queued, noticeDue, mayLeave } = recordUsage(now, options.version, input)
      isAnnounced = true
      if (noticeDue) print(2, noticeText(product))
      isFirstRun ||= noticeDue || !mayLeave
      for (const bytes of queued) show(now, bytes)
    })
  }
  /** Whatever is recorded first, the user is told before. */
  const announce = (input: UsageInput): void => {
    if (!isAnnounced) record(input)
  }
  const runs = openRuns({
    context,
    version: options.version,
    userAgent: `${product.id}-telemetry/${buildVersion}`,
    mayLeaveNow: () => !isFirstRun,
    show,
  })
  return {
    count: (subcommand, outcome, details) => {
      // Even to look into what a host passes can throw.
      quietly(() => {
        const { engine, capabilities } = details ?? {}
        record({
          subcommand,
          ...(outcome !== undefined && { outcome }),
          ...(engine !== undefined && { selection: engine }),
          ...(capabilities !== undefined && { capabilities }),
        })
      })
    },
    select: (selection) => record({ selection }),
    capabilities: (capabilities) => record({ capabilities }),
    milestone: (milestone) => record({ milestone }),
    startRun: (start) => {
      if (isOpen) announce({})
      return runs.start(start)
    },
    install: (label, facts) => {
      quietly(() => {
        if (!isOpen) return
        announce({ isAnnouncement: true })
        const now = context()
        const bytes = recordInstall(now, label, facts)
        if (bytes !== undefined) show(now, bytes)
      })
    },
    workerEnv: () => {
      const collecting = quietly(() => context().verdict.collecting) ?? false
      return collecting ? {} : { [product.variables.off]: '1' }
    },
    close: async () => {
      if (!isOpen) return
      isOpen = false
      try {
        await runs.close()
        const now = context()
        if (isFirstRun || !uploadIsDue(now)) return
        await detachUploader(now, options.uploader ?? ownUploader())
      } catch {
        // What was queued stays queued; the next host tries again.
      }
    },
  }
}

function silent({ variables }: Product): Telemetry {
  const nothing = () => undefined
  return {
    count: nothing,
    select: nothing,
    capabilities: nothing,
    milestone: nothing,
    startRun: () => ({ finish: nothing }),
    install: nothing,
    workerEnv: () => ({ [variables.off]: '1' }),
    close: () => Promise.resolve(),
  }
}

function show(context: Context, bytes: string): void {
  for (const stream of shownOn(context)) print(stream === 'out' ? 1 : 2, `${bytes}\n`)
}

function print(descriptor: number, text: string): void {
  try {
    writeSync(descriptor, text)
  } catch {
    // Nobody is there to read it.
  }
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
