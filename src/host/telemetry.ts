import { writeSync } from 'node:fs'

import type { installLabels } from '../contract/install.ts'

import { ownUploader, type UploaderProgram } from '../deliver/detach.ts'
import { isTerminal } from '../files/terminal.ts'
import { buildVersion } from '../product/build.ts'
import type { Product } from '../product/product.ts'
import { type InstallFacts, recordInstall } from '../record/install.ts'
import type { UsageInput } from '../record/milestones.ts'
import type { RunStart } from '../record/run.ts'
import { type Context, watch } from '../settings/context.ts'
import { readHostEnvironment, type HostEnvironment } from '../settings/host-environment.ts'
import { openRecorder } from './recorder.ts'
import { openRuns, type Run, runIsOver } from './runs.ts'

/** Counted in the same step, so that the milestone's event already has it. */
export interface CountDetails {
  readonly engine?: string
  readonly capabilities?: Readonly<Record<string, boolean>>
}

type InstallLabel = (typeof installLabels)[number]

export interface TelemetryOptions {
  /** The host's own version. */
  readonly version: string
  /** How to start the uploader. By default this library's own program, where Node can run it. */
  readonly uploader?: UploaderProgram
  /**
   * The host has shown the notice itself. Otherwise the notice goes to stderr and counts as seen
   * only where that is a terminal; until then nothing leaves this machine.
   */
  readonly notice?: 'shown'
  /** Everything read from outside; by default this process's own. */
  readonly environment?: HostEnvironment
}

/** A host's telemetry. It never throws or waits for the network, and prints only the notice unasked. */
export interface Telemetry {
  /** Counts a subcommand, with its outcome where it has one, and so may reach a milestone. */
  readonly count: (subcommand: string, outcome?: string, details?: CountDetails) => void
  /** Counts the engine that ended up active. */
  readonly select: (engine: string) => void
  /** Remembers what is available on this install. */
  readonly capabilities: (flags: Readonly<Record<string, boolean>>) => void
  /** Records that a named milestone was reached. */
  readonly milestone: (name: string) => void
  /** Starts a run. Finishing it records its second event. */
  readonly startRun: (start: RunStart) => Run
  /** Records a step of an installation. */
  readonly install: (label: InstallLabel, facts: InstallFacts) => void
  /** Add this to the environment of workers and wrapped jobs, so that they follow this verdict. */
  readonly workerEnv: () => Readonly<Record<string, string>>
  /**
   * Waits for what runs are sending, as long as the settings allow, then starts the uploader if there
   * is work for it. The host may end right after.
   */
  readonly close: () => Promise<void>
}

export function openTelemetry(product: Product, options: TelemetryOptions): Telemetry {
  const environment = quietly(() => options.environment ?? readHostEnvironment())
  // Without a home folder not even an opt-out could be stored.
  if (environment?.home === undefined) return silent(product)
  const look = watch(product, environment, options.version)
  let known: Context | undefined
  const context = (): Context => (known = look())
  let isOpen = true
  const recorder = openRecorder({
    product,
    uploader: () => options.uploader ?? ownUploader(),
    noticeIsShown: options.notice === 'shown',
    errIsTerminal: () => isTerminal(2, () => process.stderr, environment.platform),
    write: { out: (text) => print(1, text), err: (text) => print(2, text) },
  })
  const record = (input: UsageInput): void => {
    quietly(() => {
      // recordUsage checks consent again before it commits, so a cached yes is enough here.
      if (isOpen) recorder.usage(known?.verdict.collecting ? known : context(), version, input)
    })
  }
  const { version } = options
  const runs = openRuns({
    context,
    version,
    userAgent: `${product.id}-telemetry/${buildVersion}`,
    recorder,
  })
  return {
    count: (subcommand, outcome, details) => {
      // Reading what a host passes can throw, too.
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
      const run = quietly(() => {
        if (!isOpen) return undefined
        return recorder.event(context(), version, {}, () => runs.start(start)).result
      })
      return run ?? runIsOver
    },
    install: (label, facts) => {
      quietly(() => {
        if (!isOpen) return
        const now = context()
        recorder.event(now, version, { isAnnouncement: true }, () => {
          const key = `${product.id} ${now.paths.state} ${label}`
          if (installsRecorded.has(key)) return
          const bytes = recordInstall(now, label, facts)
          if (bytes === undefined) return
          installsRecorded.add(key)
          recorder.show(now, bytes)
        })
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
        await recorder.close(known ?? context())
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
    startRun: () => runIsOver,
    install: nothing,
    workerEnv: () => ({ [variables.off]: '1' }),
    close: () => Promise.resolve(),
  }
}

/** A process reports each step of an installation once, however often its host says so. */
const installsRecorded = new Set<string>()

function print(descriptor: number, text: string): void {
  try {
    writeSync(descriptor, text)
  } catch {
    // The stream is closed.
  }
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
