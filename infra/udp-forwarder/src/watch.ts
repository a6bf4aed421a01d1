import { sum } from './counts.ts'
import type { Log } from './log.ts'
import type { State } from './state.ts'

const everyMs = 30_000

export interface Watch {
  readonly look: () => Promise<void>
  readonly stop: () => void
}

/** What was lost, and why, stands in the log too, and not once for every datagram. */
export function watch(stateNow: () => Promise<State>, log: Log): Watch {
  let before = { kernelDrops: 0, malformed: 0, gaveWay: 0, refused: 0 }
  const look = async (): Promise<void> => {
    const { counts, kernelDrops = before.kernelDrops } = await stateNow()
    const { gaveWay, refused } = counts
    const seen = { kernelDrops, malformed: sum(counts.malformed), gaveWay, refused }
    const more = Object.entries(seen)
      .map(([name, value]) => [name, value - before[name as keyof typeof before]] as const)
      .filter(([, value]) => value > 0)
    before = seen
    if (more.length > 0) log.warn('events were lost since the last look', Object.fromEntries(more))
  }
  const timer = setInterval(() => void look(), everyMs)
  timer.unref()
  return { look, stop: () => clearInterval(timer) }
}
