import path from 'node:path'
import { appendFileSync, chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs'

import { runmat } from '../../src/product/runmat.ts'
import { buildUsage } from '../../src/record/usage.ts'
import { enqueue } from '../../src/store/queue.ts'
import { freshStats, type Stats } from '../../src/store/stats.ts'
import { queueFolder } from '../support/events.ts'
import type { Home } from '../support/home.ts'

/** Makes a home what a screen needs, and says which variables are set in it. */
export type State = (home: Home) => Readonly<Record<string, string>> | void

/** The time at which all screens are taken; preload.cjs stops the clock there. */
const moment = Date.parse('2026-03-14T15:09:26Z')
const minutesAgo = (count: number) => new Date(moment - count * 60_000)

export const clientId = '6f1c8e02-5d3b-4a97-9c64-2b7d0e8f1a35'
const builtIn = 'https://api.runmat.com/v1/t'

export const all =
  (...states: readonly State[]): State =>
  (home) =>
    Object.assign({}, ...states.map((state) => state(home) ?? {}))

export const fresh: State = () => undefined

export const set =
  (env: Readonly<Record<string, string>>): State =>
  () =>
    env

export const doNotTrack = set({ DO_NOT_TRACK: '1' })

export const settings =
  (text: string): State =>
  (home) =>
    void home.write(home.settings, text)

export const endpoint = (url: string): State =>
  settings(`[runtime.telemetry]\nhttp_endpoint = "${url}"\n`)

export const project =
  (text: string): State =>
  (home) =>
    void home.write('runmat.toml', text)

export const offInSettings = settings('[runtime.telemetry]\nenabled = false\n')
export const onInSettings = settings('[runtime.telemetry]\nenabled = true\n')
export const countingOnly = settings('[telemetry]\nuploads = false\n')
export const broken = settings('# mine\n[runtime.telemetry]\nenabled = flase\n')
/** A project whose file RunMat reads in place of the user's. */
export const ownProject = project('[runtime.telemetry]\nqueue_size = 64\n')
export const readOnly = set({ TEST_READ_ONLY: '1' })

/** A machine on which RunMat has run, with so many events that wait. */
export const waiting =
  (count: number, stats: Partial<Stats> = {}): State =>
  (home) => {
    home.write(home.clientId, `${clientId}\n`)
    const counted = { ...freshStats('2026-02-01T10:00:00Z'), sequence: 7, notice: 1, ...stats }
    home.write(path.join(home.state, 'stats.json'), JSON.stringify(counted))
    for (let index = 0; index < count; index += 1) {
      const at = minutesAgo(3 * (count - index)).getTime()
      const id = idOf(index)
      enqueue(queueFolder(home), { sequence: index + 1, at, id }, bytesOf(index))
    }
  }

export const unseen = waiting(2, { notice: 0 })

/** Events that were sent, in each of the ways in which they can be. */
export const sent =
  (count: number, to = builtIn): State =>
  (home) => {
    const ways = [
      { via: 'http', confirmed: true },
      { via: 'http', confirmed: false },
      { via: 'udp', confirmed: false },
    ]
    const lines = Array.from({ length: count }, (_, index) => {
      const at = minutesAgo(50 * (count - index)).toISOString()
      const event = JSON.parse(bytesOf(index)) as unknown
      const way = ways[count - index < 4 ? (count - index) % 3 : 0]
      const line = { sent_at: at, endpoint: to, event, ...way }
      return `${JSON.stringify(line)}\n`
    })
    home.write(path.join(home.state, 'sent.ndjson'), lines.join(''))
  }

/** One more event has just been sent. */
export const sentNow: State = (home) => {
  const event = JSON.parse(bytesOf(8)) as unknown
  const at = minutesAgo(0).toISOString()
  const line = { sent_at: at, endpoint: builtIn, event, via: 'http', confirmed: true }
  appendFileSync(path.join(home.state, 'sent.ndjson'), `${JSON.stringify(line)}\n`)
}

/** What the last delivery came to, and for how long it pauses. */
export const delivery =
  (result: string, seconds: number | null, url = builtIn): State =>
  (home) => {
    const next = seconds === null ? null : new Date(moment + seconds * 1000).toISOString()
    const state = {
      endpoint: url,
      last_attempt: minutesAgo(2).toISOString(),
      last_result: result,
      next_attempt: next,
      failures: 1,
      gone: null,
    }
    home.write(path.join(home.state, 'uploads.json'), JSON.stringify(state))
  }

/** The collector has asked this version to stop. */
const goneAt =
  (version: string | null): State =>
  (home) => {
    const state = { endpoint: builtIn, gone: { version, at: minutesAgo(90).toISOString() } }
    home.write(path.join(home.state, 'uploads.json'), JSON.stringify(state))
  }

export const gone = goneAt('0.6.1')
/** Nobody told us the version of the program that records. */
export const goneForAll = goneAt(null)

export const setAside: State = (home) => {
  for (const name of ['notes.json', 'core.json']) {
    home.write(path.join(home.state, 'set-aside', name), 'nothing of ours')
  }
}

/** A file in the queue that is no event, and has not been looked at yet. */
export const junk: State = (home) => {
  home.write(path.join(queueFolder(home), 'notes.json'), 'nothing of ours')
}

export const erasePending: State = (home) => {
  const pending = { since: minutesAgo(180).toISOString(), endpoint: builtIn }
  home.write(path.join(home.state, 'erase.json'), JSON.stringify(pending))
}

/** Folders that another user could have put in our place. */
export const foreign: State = (home) => {
  mkdirSync(home.at('.cache/runmat'), { recursive: true })
  mkdirSync(home.at('elsewhere'))
  symlinkSync(home.at('elsewhere'), home.state)
  chmodSync(home.at('.cache/runmat'), 0o777)
}

/** The home folder is another user's. Only root can give it away; anybody else has it already. */
export const homeOfAnother: State = (home) => {
  if (process.geteuid?.() === 0) chownSync(home.path, 4242, 4242)
}

/** The settings file is a folder, which is read and written by nobody. */
export const settingsFolder: State = (home) => void mkdirSync(home.settings, { recursive: true })

export const idOf = (index: number): string =>
  `c0de${String(index).padStart(4, '0')}-1a2b-4c3d-8e4f-5a6b7c8d9e0f`

const triggers = ['first_seen_for_version', 'first_seen_for_install_id', 'first_successful_run']

function bytesOf(index: number): string {
  const at = `${minutesAgo(60).toISOString().slice(0, 19)}Z`
  const stats = {
    ...freshStats('2026-02-01T10:00:00Z'),
    sequence: index + 1,
    subcommand_counts: { run: index + 1 },
  }
  const bytes = buildUsage(runmat, {
    eventId: idOf(index),
    installId: clientId,
    trigger: triggers[index % triggers.length] ?? '',
    at,
    version: '0.6.1',
    platform: 'linux',
    arch: 'x64',
    stats,
  })
  if (bytes === undefined) throw new Error('that makes no event')
  return bytes
}
