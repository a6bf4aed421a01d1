import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { afterAll } from 'vitest'

import { type Collector, startCollector } from '../support/collector.ts'
import { readNotice } from '../support/events.ts'
import { type Home, tempHome } from '../support/home.ts'
import { nothingRuns, processesOf } from '../support/processes.ts'
import { type Ended, root, run, type RunOptions } from '../support/run.ts'

export const example = path.join(root, 'examples/roar')
export const roarFile = path.join(example, 'roar.js')

/** A job that succeeds. */
export const job = [process.execPath, '-e', '0']

const homes: Home[] = []
const collectors: Collector[] = []

// For the whole file, because tests that run side by side have no hook of their own here. What
// still runs then was left behind, and is a fault.
afterAll(async () => {
  const left = await Promise.allSettled(homes.map((home) => nothingRuns(home)))
  for (const pid of homes.flatMap(processesOf)) process.kill(pid, 'SIGKILL')
  await Promise.all(collectors.map((collector) => collector.stop()))
  const faults = left.filter(({ status }) => status === 'rejected')
  if (faults.length > 0) throw new AggregateError(faults, 'a process was left behind')
})

interface Counters {
  readonly subcommand_counts: Readonly<Record<string, number>>
  readonly feature_capabilities: Readonly<Record<string, boolean>>
}

/** An event, as far as tests look into it. */
export interface RoarEvent extends Counters {
  readonly event_id: string
  readonly sequence: number
  readonly trigger: string
  readonly trigger_ts: string
  readonly version: string
  readonly tracer_selections: Readonly<Record<string, number>>
}

export interface Stage {
  readonly home: Home
  readonly collector: Collector
  /** Where the collector is. */
  readonly endpoint: string
  /** Runs roar to its end. What it detached goes on. */
  readonly roar: (words: readonly string[], options?: RunOptions) => Promise<Ended>
  /** Settles when nothing runs here any more, so that what was to be delivered is. */
  readonly quiet: () => Promise<void>
  readonly delivered: () => readonly RoarEvent[]
  readonly queued: () => readonly RoarEvent[]
  readonly counted: () => Counters
  readonly files: () => readonly string[]
}

/** A home in which roar was told to send to a collector on this machine. */
export async function stage(file?: string, folders?: RunOptions['env']): Promise<Stage> {
  const bare = await bareStage(file, folders)
  await bare.roar(['telemetry', '--endpoint', bare.endpoint])
  return bare
}

/** A home in which there is nothing yet. */
export async function bareStage(file = roarFile, folders: RunOptions['env'] = {}): Promise<Stage> {
  const home = tempHome()
  homes.push(home)
  const collector = await startCollector()
  collectors.push(collector)
  const endpoint = `http://127.0.0.1:${collector.port}/api/v1/telemetry/roar`
  const xdg = { XDG_CONFIG_HOME: home.at('config'), XDG_CACHE_HOME: home.at('cache'), ...folders }
  const state = home.at('cache/roar/telemetry')

  const roar: Stage['roar'] = async (words, options = {}) => {
    const env = { ...xdg, ...options.env }
    const ended = await run(process.execPath, [file, ...words], home, { ...options, env })
    // A relative cache folder is passed over for the usual one.
    for (const folder of [state, home.at('.cache/roar/telemetry')]) readNotice(folder)
    return ended
  }
  return {
    home,
    collector,
    endpoint,
    roar,
    quiet: () => nothingRuns(home),
    delivered: () =>
      collector.events
        .map(({ json }) => json as RoarEvent)
        .toSorted((one, other) => one.sequence - other.sequence),
    queued: () =>
      filesIn(path.join(state, 'queue')).map(
        (name) => readJson(path.join(state, 'queue', name)) as RoarEvent,
      ),
    counted: () => readJson(path.join(state, 'stats.json')) as Counters,
    files: () => filesIn(home.path),
  }
}

export const triggersOf = (events: readonly RoarEvent[]): readonly string[] =>
  events.map(({ trigger }) => trigger)

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Every file in a folder and below, in order. */
function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      .sort()
  } catch {
    return []
  }
}
