import path from 'node:path'

import { look, namesIn } from '../../files/read.ts'
import { type Foreign, foreignIn } from '../../store/foreign.ts'
import { pendingErasure } from '../../store/erasure.ts'
import { liveHolder } from '../../store/lock-holder.ts'
import { listQueue, queueLimits } from '../../store/queue.ts'
import { readUploadState } from '../../store/upload-state.ts'
import type { Invocation } from '../invocation.ts'
import { hostOf, nextTry, troubleText } from '../delivery-words.ts'
import { ago } from '../time.ts'
import { foreignText, plural, tidy } from '../words.ts'
import { type Check, ok } from './machine.ts'
import { writable } from './settings.ts'

/** What lies on disk, whose it is, and what keeps it from leaving. */
export function checkState(invocation: Invocation): readonly Check[] {
  const { paths } = invocation.context
  return [
    writable('state', paths.state, invocation),
    writable('client_id', paths.clientId, invocation),
    ...owners(invocation),
    queue(invocation),
    ...aside(invocation),
    ...uploaderProgram(invocation),
    ...backOff(invocation),
    ...erasure(invocation),
  ]
}

/** Our folders are for this user alone: what another one put there is not ours to use. */
function owners({ context, environment }: Invocation): readonly Check[] {
  const { uid } = environment
  const { clientId } = context.paths
  const ids = [path.dirname(clientId), clientId]
  const foreign = ids.flatMap((place) => {
    const owner = look(place)?.uid
    const isForeign = uid !== undefined && owner !== undefined && owner !== uid
    return isForeign ? [{ path: place, reason: 'owner' } as const] : []
  })
  return [...foreign, ...foreignIn(context.paths)].map((one) => ({
    id: 'owner',
    status: 'fault',
    message: foreignText(one, context),
    hint: remedies[one.reason],
  }))
}

const remedies: Readonly<Record<Foreign['reason'], string>> = {
  owner: 'Change its owner, or remove it.',
  link: 'Put a folder or file of your own in its place. Until then nothing is kept or sent.',
  writable: 'Let only yourself write to it (chmod go-w). Until then nothing is kept or sent.',
}

function queue({ context }: Invocation): Check {
  const waiting = listQueue(context.paths.queue).length
  if (waiting < queueLimits.events) return ok('queue', `${plural(waiting, 'event')} waiting.`)
  return {
    id: 'queue',
    status: 'warning',
    message: `The queue is full: ${plural(waiting, 'event')} waiting.`,
    hint: 'The oldest are dropped to make room.',
  }
}

function aside({ context }: Invocation): readonly Check[] {
  const count = namesIn(context.paths.aside).length
  if (count === 0) return []
  const where = tidy(context.paths.aside, context)
  return [
    {
      id: 'set_aside',
      status: 'warning',
      message: `${plural(count, 'file')} that held no event set aside in ${where}.`,
      hint: 'They are never sent. Delete them once you know where they came from.',
    },
  ]
}

function since(at: string, now: number): string {
  const time = Date.parse(at)
  return Number.isNaN(time) ? 'earlier' : ago(time, now)
}

function erasure({ context, product, environment }: Invocation): readonly Check[] {
  const pending = pendingErasure(context.paths)
  if (pending === null) return []
  return [
    {
      id: 'erasure',
      status: 'warning',
      message: `The collector has not yet confirmed the erasure that was asked for ${since(pending.since, environment.now())}.`,
      hint: `To ask again, run ${product.command} forget`,
    },
  ]
}

/** A program that embeds the library in a bundle of its own has no uploader beside it. */
function uploaderProgram({ uploader, product, context }: Invocation): readonly Check[] {
  if (!context.verdict.uploading || uploader() !== undefined) return []
  return [
    {
      id: 'uploader_program',
      status: 'warning',
      message: 'This program has no uploader that it could start, so recorded events wait.',
      hint: `To send them, run ${product.command} upload`,
    },
  ]
}

function backOff({ context, product, environment }: Invocation): readonly Check[] {
  const { paths, choices } = context
  const uploads = readUploadState(paths.uploads, choices.endpoint.value)
  const { last_result: result, next_attempt: next } = uploads
  const holder = liveHolder(paths.lock)
  const running = holder && ok('uploader', `The uploader is running as process ${holder.pid}.`)
  if (result === null || next === null) return running ? [running] : []
  const wait = nextTry(next, environment.now())
  const then = wait === undefined ? '' : ` Next try in about ${wait}.`
  return [
    ...(running ? [running] : []),
    {
      id: 'back_off',
      status: 'warning',
      message: troubleText(result, hostOf(choices.endpoint.value)) + then,
      hint: `To try now, run ${product.command} upload`,
    },
  ]
}
