import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

import type { PostResult } from 'runmat-telemetry-common/http-poster'

import { limits } from '../limits.ts'
import type { PostHogErasureSettings } from '../posthog-erasure-settings.ts'
import type { Settings } from '../settings.ts'
import type { PostHogSettings } from '../sink-settings.ts'
import { appendShared } from './append.ts'
import { type BatchOutcome, bisect } from './bisect.ts'
import { FolderError } from './folder-error.ts'
import { makeFolder } from './make-folder.ts'
import { type NameLock, takeNameLock } from './name-lock.ts'
import { dayOf } from './segment-names.ts'
import { openSinkPoster } from './sink-poster.ts'
import type { Tombstones } from './tombstones.ts'

export interface PostHogErasure {
  /** One round over the clients that are still to be deleted. Never rejects. */
  readonly act: () => Promise<void>
  readonly close: () => Promise<void>
}

export interface PostHogErasureOptions {
  readonly posthog: PostHogSettings
  readonly erasure: PostHogErasureSettings
  /** Where the list of deleted clients is kept, beside the tombstones. */
  readonly folder: string
  readonly clients: () => Promise<ReadonlySet<string>>
  readonly note: (message: string) => void
}

const fileName = 'posthog-erased.ndjson'
const roundMs = 10 * 60_000
/** PostHog limits requests to its private API. */
const mostInRound = 100

/**
 * Undefined unless the operator gave a personal API key. The list of who is deleted begins with the
 * worker in any case: where it is, `runmat-telemetry-report erase --pending` asks for PostHog, too.
 */
export function postHogErasureOf(
  { role, sink, tombstones: folder, postHogErasure: erasure }: Settings,
  tombstones: Tombstones | undefined,
  note: (message: string) => void,
): PostHogErasure | undefined {
  if (sink.kind !== 'posthog' || tombstones === undefined) return undefined
  if (folder === undefined) {
    if (role === 'deliver') note(unlisted)
    return undefined
  }
  closeSync(openSync(path.join(path.resolve(folder), fileName), 'a', 0o600))
  if (erasure === undefined) return undefined
  const { clients } = tombstones
  const opened = openPostHogErasure({ posthog: sink, erasure, folder, clients, note })
  void tombstones.ready.then(() => opened.act())
  return opened
}

/**
 * Deletes erased clients with their events from PostHog. PostHog deletes events by person, and ours make
 * none. So a round that finds no person of a client's id makes one, to whom its events then belong, and
 * the next one deletes it. A client counts as deleted once PostHog's answer proves it. Of several workers of
 * a folder, one at a time has a round: another might make the person again that this one has just deleted.
 */
export function openPostHogErasure(options: PostHogErasureOptions): PostHogErasure {
  const { posthog, erasure, note } = options
  const file = path.join(path.resolve(options.folder), fileName)
  const capture = openSinkPoster(`${posthog.host}/batch/`, 1)
  const address = `${erasure.host}/api/projects/${erasure.project}/persons/bulk_delete/`
  const deletion = openSinkPoster(address, 1, { authorization: `Bearer ${erasure.personalKey}` })
  let acting: Promise<void> | undefined
  /** The client that was asked for last. */
  let last = ''

  const nameThem = async (ids: readonly string[]): Promise<BatchOutcome> => {
    const batch = ids.map((id) => ({ event: '$set', distinct_id: id, properties }))
    const body = Buffer.from(JSON.stringify({ api_key: posthog.apiKey, batch }))
    const result = await capture.post(body, limits.sinkMs)
    if (result.kind !== 'failed' && result.status === 200) return 'stored'
    return isAboutTheBody(result) ? 'refused' : { cause: away }
  }
  const isDeleted = async (id: string): Promise<Answer> => {
    const body = Buffer.from(JSON.stringify({ distinct_ids: [id], delete_events: true }))
    const result = await deletion.post(body, limits.sinkMs)
    if (isAboutTheBody(result)) return 'no'
    if (result.kind === 'failed' || result.status < 200 || result.status > 299) return 'away'
    return isProof(result.body) ? 'yes' : 'no'
  }
  const round = async (lock: NameLock): Promise<void> => {
    const done = await idsIn(file)
    const all = [...(await options.clients())].filter((id) => !done.has(id))
    const next = all.indexOf(last) + 1
    const left = [...all.slice(next), ...all.slice(0, next)].slice(0, mostInRound)
    const unproven: string[] = []
    for (const id of left) {
      const answer = await isDeleted(id)
      if (answer === 'away') return note(away)
      if (answer === 'yes') await append(file, id)
      else unproven.push(id)
      last = id
    }
    // After a long sleep, another worker may have taken over and deleted them.
    if (!(await lock.isHeld())) return
    // One that PostHog does not take must not keep the others from being deleted.
    if (unproven.length > 0) {
      const { trouble } = await bisect(unproven, nameThem, 2 * mostInRound)
      if (trouble) return note(away)
    }
    const count = left.length - unproven.length
    if (left.length > 0) note(`PostHog: ${count} of ${left.length} erased clients were deleted`)
  }
  const lockedRound = async (): Promise<void> => {
    await makeFolder(path.dirname(file))
    const lock = await takeNameLock(`${file}.lock`).catch((error: unknown) => {
      if (error instanceof FolderError) return undefined
      throw error
    })
    if (lock === undefined) return
    try {
      await round(lock)
    } finally {
      await lock.release()
    }
  }
  const act = async (): Promise<void> => {
    acting ??= lockedRound()
      .catch((error: NodeJS.ErrnoException) => note(`PostHog: erasing failed: ${error.code}`))
      .finally(() => {
        acting = undefined
      })
    await acting
  }
  const timer = setInterval(() => void act(), roundMs).unref()
  return {
    act,
    close: async () => {
      clearInterval(timer)
      capture.close()
      deletion.close()
      await acting
    },
  }
}

type Answer = 'yes' | 'no' | 'away'

/** Is something wrong with what was sent, so that the same would be refused again? */
function isAboutTheBody(result: PostResult): boolean {
  return result.kind !== 'failed' && (result.status === 400 || result.status === 422)
}

const unlisted = 'PostHog: without EVENTS_DIR, erased clients are neither deleted nor listed'
const away = 'PostHog: erased clients could not be deleted; the next round tries again'
const properties = { $process_person_profile: true, $geoip_disable: true, $ip: null }

/** PostHog answers 202 even if it found nobody. */
function isProof(text: string): boolean {
  try {
    const said = JSON.parse(text) as Readonly<Record<string, unknown>>
    const errors = said['deletion_errors']
    return (
      Number(said['persons_found']) >= 1 &&
      said['events_queued_for_deletion'] === true &&
      (errors === undefined || (Array.isArray(errors) && errors.length === 0))
    )
  } catch {
    return false
  }
}

async function idsIn(file: string): Promise<ReadonlySet<string>> {
  const text = await readFile(file, 'latin1').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  return new Set([...text.matchAll(/^\{"id":"([^"]+)"/gm)].map(([, id = '']) => id))
}

async function append(file: string, id: string): Promise<void> {
  await appendShared(file, `${JSON.stringify({ id, day: dayOf(Date.now()) })}\n`)
}
