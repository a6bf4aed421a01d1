import path from 'node:path'

import { look, namesIn } from '../../files/read.ts'
import { type Foreign, foreignIn } from '../../store/foreign.ts'
import { pendingErasure } from '../../store/erasure.ts'
import { listQueue, queueLimits } from '../../store/queue.ts'
import { restsUntilMended, unlistedText } from '../access.ts'
import type { Invocation } from '../invocation.ts'
import { type Status, statusOf } from '../commands/status.ts'
import { lastAttempt } from '../delivery-words.ts'
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
    ...outsideProfile(invocation.environment, ourFolders(invocation)),
    queue(invocation),
    ...aside(invocation),
    ...uploaderProgram(invocation),
    ...deliveries(invocation),
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

function ourFolders({ context: { paths } }: Invocation): readonly string[] {
  return [path.dirname(paths.settings), path.dirname(paths.clientId), paths.state]
}

/**
 * Windows has no modes: a file gets the permissions of its folder, and those of the user's profile let
 * nobody else in. Which ones another folder has, Node can't tell.
 */
export function outsideProfile(
  { platform, home }: Pick<Invocation['environment'], 'platform' | 'home'>,
  folders: readonly string[],
): readonly Check[] {
  if (platform !== 'win32' || home === undefined) return []
  const isOutside = (folder: string): boolean => {
    const way = path.win32.relative(home, folder)
    return path.win32.isAbsolute(way) || way.split(path.win32.sep)[0] === '..'
  }
  return folders.filter(isOutside).map((folder) => ({
    id: 'permissions',
    status: 'warning',
    message: `${folder} is outside your Windows profile.`,
    hint: 'Files there get the permissions of the folder, so others may be able to read or change them. Let only yourself in.',
  }))
}

function queue({ context }: Invocation): Check {
  const unlisted = unlistedText(context)
  if (unlisted !== undefined) {
    return {
      id: 'queue',
      status: 'fault',
      message: unlisted,
      hint: restsUntilMended,
    }
  }
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
      message: `${plural(count, 'file')} that held no event ${count === 1 ? 'was' : 'were'} set aside in ${where}.`,
      hint:
        count === 1
          ? 'It is never sent. Delete it once you know where it came from.'
          : 'They are never sent. Delete them once you know where they came from.',
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

/** The uploader at work, and what became of its last delivery, in the words of status. */
function deliveries(invocation: Invocation): readonly Check[] {
  const { context, product, environment } = invocation
  const status = statusOf(invocation)
  const trouble = lastAttempt(context, status, environment.now())
  return [
    ...uploaderAtWork(status),
    ...(trouble === undefined
      ? []
      : [
          {
            id: 'back_off',
            status: 'warning',
            message: trouble,
            hint: `To try now, run ${product.command} upload`,
          } as const,
        ]),
  ]
}

function uploaderAtWork({ uploader: { running, pid } }: Status): readonly Check[] {
  if (!running) return []
  if (pid !== null) return [ok('uploader', `The uploader is running as process ${pid}.`)]
  const message = 'Nobody can tell whether the uploader is running.'
  return [{ id: 'uploader', status: 'warning', message, hint: null }]
}
