import { writeSync } from 'node:fs'

import { detachUploader, type UploaderProgram } from './deliver/detach.ts'
import { uploadIsDue } from './deliver/due.ts'
import { ownUploader } from './deliver/own-uploader.ts'
import type { Product } from './product/product.ts'
import type { Situation } from './settings/situation.ts'
import { readSurroundings, type Surroundings } from './settings/surroundings.ts'
import { isSet } from './settings/verdict.ts'
import { watch } from './settings/watch.ts'
import type { Happening } from './record/milestones.ts'
import { noticeText } from './record/notice.ts'
import { recordUsage } from './record/record-usage.ts'

export interface TelemetryOptions {
  /** The host's own version. */
  readonly version: string
  /** How the uploader is started; by default with this library's own program, under Node. */
  readonly uploader?: UploaderProgram
  /** The world to live in; by default this process's. */
  readonly surroundings?: Surroundings
}

/** What a host holds. Nothing here throws, waits for the network, or prints unasked but the notice. */
export interface Telemetry {
  /** Counts a subcommand, with its outcome where it has one, and so may reach a milestone. */
  readonly count: (subcommand: string, outcome?: string) => void
  /** Counts which of the known engines ended up active. */
  readonly select: (engine: string) => void
  /** Remembers what is available on this install. */
  readonly capabilities: (flags: Readonly<Record<string, boolean>>) => void
  /** Says that a named milestone was reached. */
  readonly milestone: (name: string) => void
  /** What to add to the environment of workers and wrapped jobs, so that they follow this verdict. */
  readonly workerEnv: () => Readonly<Record<string, string>>
  /** Starts the uploader if there is work for it. The host may end at once. */
  readonly close: () => Promise<void>
}

export function openTelemetry(product: Product, options: TelemetryOptions): Telemetry {
  const surroundings = quietly(() => options.surroundings ?? readSurroundings())
  // Without a home folder nothing can be kept, not even a no.
  if (surroundings?.home === undefined) return silent(product)
  const situation = watch(product, surroundings)
  let isFirstRun = false
  let isOpen = true

  const record = (happening: Happening) => {
    quietly(() => {
      if (!isOpen) return
      const now = situation()
      const { queued, noticeDue } = recordUsage(now, options.version, happening)
      if (noticeDue) print(2, noticeText(product))
      isFirstRun ||= noticeDue
      for (const bytes of queued) show(now, bytes)
    })
  }
  return {
    count: (subcommand, outcome) =>
      record({ subcommand, ...(outcome === undefined ? {} : { outcome }) }),
    select: (selection) => record({ selection }),
    capabilities: (capabilities) => record({ capabilities }),
    milestone: (milestone) => record({ milestone }),
    workerEnv: () => {
      const collecting = quietly(() => situation().verdict.collecting) ?? false
      return collecting ? {} : { [product.variables.off]: '1' }
    },
    close: async () => {
      if (!isOpen) return
      isOpen = false
      try {
        const now = situation()
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
    workerEnv: () => ({ [variables.off]: '1' }),
    close: () => Promise.resolve(),
  }
}

function show({ product, surroundings, choices }: Situation, bytes: string): void {
  if (isSet(surroundings.env[product.variables.show])) print(2, `${bytes}\n`)
  if (choices.showPayloads.value) print(1, `${bytes}\n`)
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
