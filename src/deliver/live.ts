import { steadyMs } from '../files/clock.ts'
import type { Context } from '../settings/context.ts'
import { markLeaving } from '../store/leaving.ts'
import { removeQueued } from '../store/queue.ts'
import { noteAnswerTime } from '../store/upload-state.ts'
import type { Datagrams } from './datagram.ts'
import { type Departures, openDepartures } from './departures.ts'
import { drainMs, fitsIntoDrain, unlessSettled, withinTime } from './drain.ts'
import { debugHeaders, headersFor } from './http/headers.ts'
import { type Lines, openLines } from './lines.ts'
import { isResting, noteAnswer } from './schedule.ts'
import { postAndWait } from './sync-post.ts'

/** A finished event, and the id under which it may be sent again. */
export interface Pending {
  readonly id: string
  readonly bytes: string
  /** What `wipeMark` said when it was recorded. */
  readonly mark: string
}

/** What the runs of this process send while it lives. */
export interface Live {
  readonly offer: (event: Pending) => void
  /** Waits for what is being sent, as long as the settings allow. */
  readonly drain: () => Promise<void>
  /**
   * Starts no more posts and returns what was not confirmed, to be queued. A post in flight may still
   * be confirmed while the process lives; its file is then removed from the queue. `lost` is how many
   * events were dropped to make room.
   */
  readonly end: (moment?: { isExit: boolean }) => {
    readonly unconfirmed: readonly Pending[]
    readonly lost: number
  }
}

/** Enough for a run's two events and a few more. */
const least = 8
const inFlight = 4
/** How often a process that is sending checks for an opt-out. */
const lookAgainMs = 50

export interface LiveOptions {
  readonly context: () => Context
  readonly userAgent: string
  /** False until a run that begins after the notice was seen. Until then events are only kept. */
  readonly mayLeave: boolean
}

interface Waiting extends Pending {
  readonly since: number
}

export function openLive({ context, userAgent, mayLeave }: LiveOptions): Live {
  const start = context()
  const { choices, paths } = start
  const { value: endpoint } = choices.runtimeEndpoint
  const bound = Math.max(choices.queueSize.value, least)
  const departures = openDepartures(context)
  const sendNow = sendingNow(start, departures, headersOf(start, userAgent))
  const pending = new Map<string, Waiting>()
  const posts = new Set<Waiting>()
  const works = new Set<Promise<void>>()
  let lines: Promise<Lines> | undefined
  let standing: Lines | undefined
  let watchdog: NodeJS.Timeout | undefined
  let isDown = !mayLeave || isResting(start) || !fitsIntoDrain(start)
  let pumps = 0
  let isOver = false
  let lost = 0

  const open = () => (lines ??= openLines(start, headersOf(start, userAgent), inFlight))
  const mayGoOn = () => !isDown && !isOver && departures.may('http')
  const post = async ({ client }: Lines, event: Waiting): Promise<void> => {
    const departure = departures.of('http', event)
    posts.add(event)
    const outcome = await client.post(event.bytes, () => !isOver && departure.mayBegin())
    posts.delete(event)
    if (outcome.kind === 'delivered') {
      noteAnswerTime(paths.state, endpoint, steadyMs() - event.since)
      pending.delete(event.id)
      departure.confirm()
      // Before the departure ends: an uploader sends what is queued and not being sent.
      if (isOver) removeQueued(paths.queue, event.id)
    } else {
      // The uploader handles failures, so leave the rest to it.
      isDown = true
      noteAnswer(context(), endpoint, outcome)
    }
    departure.end()
  }
  const pump = async (): Promise<void> => {
    const ready = (standing = await open())
    while (mayGoOn()) {
      const next = [...pending.values()].find((event) => !posts.has(event))
      if (next === undefined) return
      await post(ready, next)
    }
  }
  const sendDatagram = async (event: Pending): Promise<void> => {
    const { datagrams } = await open()
    if (datagrams === undefined) return
    const departure = departures.of('udp', event)
    await datagrams.send(event.bytes, () => !isOver && departure.mayBegin())
    if (await datagrams.areHeld()) markHeld(datagrams, markLeaving(paths, event.id))
    departure.end()
  }
  const lookAgain = (): void => {
    if (works.size === 0) {
      clearInterval(watchdog)
      watchdog = undefined
    } else if (!departures.may('http')) {
      isDown = true
      lines?.then(({ client }) => client.close()).catch(() => undefined)
    }
  }
  const track = (work: Promise<void>): void => {
    const quiet = work.catch(() => undefined).finally(() => works.delete(quiet))
    works.add(quiet)
    watchdog ??= setInterval(lookAgain, lookAgainMs).unref()
  }
  /** The process ends: nothing of what it is sending is left to the kernel. */
  const abandon = (): void => standing?.close()
  return {
    offer: (event) => {
      if (choices.syncMode.value && !isDown) {
        if (sendNow(event)) return
        isDown = true
      } else if (mayLeave && choices.udpEndpoint.value !== '' && works.size < bound) {
        track(sendDatagram(event))
      }
      if (pending.size >= bound) lost += dropOldest(pending, posts)
      pending.set(event.id, { ...event, since: steadyMs() })
      if (isDown || pumps === inFlight) return
      pumps += 1
      track(pump().finally(() => (pumps -= 1)))
    },
    drain: async () => {
      const wait = drainMs(context())
      if (wait > 0 && works.size > 0) await withinTime(wait, [...works])
    },
    end: ({ isExit } = { isExit: false }) => {
      isOver = true
      const unconfirmed = [...pending.values()]
      pending.clear()
      for (const { since } of posts) noteAnswerTime(paths.state, endpoint, steadyMs() - since)
      if (isExit) abandon()
      else void closeWhenSettled([...works], abandon, lines)
      return { unconfirmed, lost }
    },
  }
}

/** Most network cards have sent a datagram a moment later. Else the mark stays until it counts no more. */
function markHeld(datagrams: Datagrams, unmark: () => void): void {
  const lookAgain = async () => {
    if (!(await datagrams.areHeld())) unmark()
  }
  setTimeout(() => void lookAgain(), lookAgainMs).unref()
}

async function closeWhenSettled(
  works: readonly Promise<void>[],
  abandon: () => void,
  lines: Promise<Lines> | undefined,
): Promise<void> {
  lines?.then(({ cancelLookUps }) => cancelLookUps()).catch(() => undefined)
  await unlessSettled(works, abandon)
  const opened = await lines?.catch(() => undefined)
  opened?.close()
}

function headersOf(context: Context, userAgent: string): Record<string, string> {
  const { key, choices } = context
  const { file } = choices.runtimeEndpoint
  // The key never goes to an address from a project's file.
  const isUsers = file === undefined || file.role === 'user' || file.role === 'home'
  return { ...headersFor(userAgent, isUsers ? key.value : undefined), ...debugHeaders(context) }
}

/** `sync_mode`: true once the event was delivered. */
function sendingNow(
  { choices, environment, paths }: Context,
  departures: Departures,
  headers: Readonly<Record<string, string>>,
) {
  const { value: url } = choices.runtimeEndpoint
  const { value: udpEndpoint } = choices.udpEndpoint
  return (event: Pending): boolean => {
    const ways = { http: departures.of('http', event), udp: departures.of('udp', event) }
    const delivered = postAndWait({
      post: { url, headers, env: environment.env, body: event.bytes },
      udpEndpoint,
      mayBegin: (way) => ways[way].mayBegin(),
      mustStop: () => !departures.may('http'),
      onHeld: () => void markLeaving(paths, event.id),
    })
    if (delivered) ways.http.confirm()
    ways.udp.end()
    ways.http.end()
    return delivered
  }
}

function dropOldest(pending: Map<string, Waiting>, posts: ReadonlySet<Waiting>): number {
  for (const [id, event] of pending) if (!posts.has(event)) return Number(pending.delete(id))
  return 0
}
