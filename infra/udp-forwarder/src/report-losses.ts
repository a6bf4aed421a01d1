import type { Log } from 'runmat-telemetry-common/log'

import { sum } from './counts.ts'
import type { State } from './metrics.ts'

const everyMs = 30_000

export interface LossReport {
  readonly write: () => Promise<void>
  readonly stop: () => void
}

/** Logs lost events with the reasons, in one line at most every 30 seconds. */
export function reportLosses(stateNow: () => Promise<State>, log: Log): LossReport {
  let before = { kernelDrops: 0, malformed: 0, gaveWay: 0, refused: 0 }
  const write = async (): Promise<void> => {
    const { counts, kernelDrops = before.kernelDrops } = await stateNow()
    const { gaveWay, refused } = counts
    const seen = { kernelDrops, malformed: sum(counts.malformed), gaveWay, refused }
    const more = Object.entries(seen)
      .map(([name, value]) => [name, value - before[name as keyof typeof before]] as const)
      .filter(([, value]) => value > 0)
    before = seen
    if (more.length > 0) log.warn('events were lost since the last look', Object.fromEntries(more))
  }
  const timer = setInterval(() => void write(), everyMs)
  timer.unref()
  return { write, stop: () => clearInterval(timer) }
}
