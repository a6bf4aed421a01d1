import path from 'node:path'

import { afterAll } from 'vitest'

import { runmat } from '../../src/product/runmat.ts'
import { freshStats, type Stats } from '../../src/store/stats.ts'
import type { UploadState } from '../../src/store/upload-state.ts'
import type { Script } from '../programs/host.ts'
import { type Collector, type CollectorOptions, startCollector } from '../support/collector.ts'
import { type Home, tempHome } from '../support/home.ts'
import { nothingRuns, processesOf } from '../support/processes.ts'
import { program } from '../support/programs.ts'
import { type Ended, executable, root, run, type RunOptions, runtime } from '../support/run.ts'

const homes: Home[] = []
const cleanUps: (() => unknown)[] = []

// For the whole file, because tests that run side by side have no hook of their own here. What
// still runs then was left behind, and is a fault.
afterAll(async () => {
  const left = await Promise.allSettled(homes.map((home) => nothingRuns(home)))
  for (const pid of homes.flatMap(processesOf)) process.kill(pid, 'SIGKILL')
  await Promise.all(cleanUps.map((cleanUp) => cleanUp()))
  const faults = left.filter(({ status }) => status === 'rejected')
  if (faults.length > 0) throw new AggregateError(faults, 'a process was left behind')
}, 120_000)

export function cleanUpLater(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp)
}

/** A home of its own whose processes must all have ended when the file's tests have. */
export function faultHome(): Home {
  const home = tempHome()
  homes.push(home)
  return home
}

export interface Stage {
  readonly home: Home
  readonly collector: Collector
}

/** A home whose events go to a collector that treats them so. */
export async function stage(options: CollectorOptions = {}): Promise<Stage> {
  const home = faultHome()
  const collector = await collectorFor(options)
  sendTo(home, collector.url)
  return { home, collector }
}

export async function collectorFor(options: CollectorOptions = {}): Promise<Collector> {
  const collector = await startCollector(options)
  cleanUpLater(() => collector.stop())
  return collector
}

export function sendTo(home: Home, endpoint: string): void {
  home.write(home.settings, `[runtime.telemetry]\nhttp_endpoint = "${endpoint}"\n`)
}

/** A machine that has been told what is collected, and has sent its first event. */
export function settle(home: Home, stats: Partial<Stats> = {}): void {
  const known = { ...freshStats('2026-01-01T00:00:00Z'), notice: 1, fired: [first], ...stats }
  home.write(path.join(home.state, 'stats.json'), JSON.stringify(known))
}

const first = runmat.milestones.firstRun

export const library = path.join(root, 'dist/index.js')

/** The uploader as it is started: a program of its own in the package, the executable itself. */
export const ownUploader: NonNullable<Script['uploader']> =
  executable === undefined
    ? { command: process.execPath, args: [path.join(root, 'dist/upload.cjs')] }
    : { command: executable, args: ['--as-uploader'] }

export const uploaderCommand = [ownUploader.command, ...ownUploader.args] as const

/** What the library puts into the environment of an uploader that it starts. */
export const uploaderEnv = { TELEMETRY_UPLOADER_PRODUCT: JSON.stringify(runmat) }

/** Runs a host. Its first `count` of a version makes an event. */
export function host(
  home: Home,
  { version = '1.0.0', steps, ...script }: Partial<Script> & Pick<Script, 'steps'>,
  options: RunOptions = {},
): Promise<Ended> {
  const full: Script = { library, version, steps, uploader: ownUploader, ...script }
  return run(process.execPath, [program('host'), JSON.stringify(full)], home, options)
}

/** Runs the real uploader to its end, without detaching it. */
export function uploader(home: Home, options: RunOptions = {}): Promise<Ended> {
  const env = { ...uploaderEnv, ...options.env }
  return run(ownUploader.command, ownUploader.args, home, { ...options, env })
}

/** The same with less patience: for a single post, and for everything. */
export function hastyUploader(
  home: Home,
  haste: { readonly postTimeoutMs?: number; readonly deadlineMs?: number },
  options: RunOptions = {},
): Promise<Ended> {
  const env = { ...runtime.env, ...options.env }
  return run(runtime.command, [program('uploader'), JSON.stringify(haste)], home, {
    ...options,
    env,
  })
}

/** In place of an uploader, a program that only leaves a file: was one started? */
export function fakeUploader(home: Home): {
  readonly uploader: NonNullable<Script['uploader']>
  /** Was one started? To be asked when the host has ended. */
  readonly wasStarted: () => boolean
} {
  const mark = home.at('an-uploader-was-started')
  const command = '/bin/sh'
  return {
    uploader: { command, args: ['-c', `: > '${mark}'`] },
    // One that was started either still runs or has left its mark.
    wasStarted: () => processesOf(home).length > 0 || home.has(mark),
  }
}

/** The process that holds the upload lock. */
export function uploaderIn(home: Home): number {
  const { pid } = JSON.parse(home.read(path.join(home.state, '.lock'))) as { pid: number }
  return pid
}

export function uploadsOf(home: Home): UploadState {
  return JSON.parse(home.read(path.join(home.state, 'uploads.json'))) as UploadState
}

/** The ids of the events that a collector has seen, in order. */
export function idsAt({ events }: Collector): readonly string[] {
  return events.map(idOf)
}

export function idOf({ json }: Collector['events'][number]): string {
  return (json as { event_id: string }).event_id
}
