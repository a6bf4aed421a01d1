import { timestamp } from '../contract/timestamp.ts'
import type { Context } from '../settings/context.ts'
import { noteSent } from '../store/ledger.ts'
import { mustWait, readUploadState } from '../store/upload-state.ts'
import type { Datagrams } from './datagram.ts'
import { headersFor } from './http/exchange.ts'
import type { LookUp } from './name-lookup.ts'
import type { HttpClient } from './http/client.ts'
import { postAndWait } from './sync-post.ts'

/** A finished event, and the id under which it may be sent again. */
export interface Pending {
  readonly id: string
  readonly bytes: string
}

/** What runs in this process send while it lasts. Nothing of it survives the process. */
export interface Live {
  readonly offer: (event: Pending) => void
  /** Waits, as long as the settings allow, for what is under way. */
  readonly drain: () => Promise<void>
  /** Ends it, and gives back what was not confirmed. `lost` gave way to newer ones. */
  readonly end: () => { readonly unconfirmed: readonly Pending[]; readonly lost: number }
}

/** Small enough to be no burden, large enough for a run's two events and some more. */
const least = 8
const inFlight = 4
const postTimeoutMs = 5000
const longestDrainMs = 5000

export interface LiveOptions {
  readonly context: () => Context
  readonly userAgent: string
  /** In the first run on a machine nothing leaves; what is offered is only kept. */
  readonly mayLeave: boolean
}

export function openLive({ context, userAgent, mayLeave }: LiveOptions): Live {
  const { choices, key, paths, environment } = context()
  const bound = Math.max(choices.queueSize.value, least)
  const pending = new Map<string, Pending>()
  const started = new Set<string>()
  const underWay = new Set<Promise<void>>()
  const headers = headersFor(userAgent, keyFor(context()) ? key.value : undefined)
  let lines: Promise<Lines> | undefined
  let isDown = !mayLeave || isResting(context())
  let pumps = 0
  let isOver = false
  let lost = 0

  const note = (bytes: string): void => {
    const { value: endpoint } = choices.runtimeEndpoint
    const sentAt = timestamp(environment.now())
    noteSent(paths.ledger, { sentAt, endpoint, via: 'http', confirmed: true }, bytes)
  }
  const post = async (client: HttpClient, event: Pending): Promise<void> => {
    started.add(event.id)
    const outcome = await client.post(event.bytes)
    started.delete(event.id)
    if (outcome.kind === 'delivered') {
      pending.delete(event.id)
      note(event.bytes)
    } else {
      // Whatever it was, the uploader knows better how to deal with it.
      isDown = true
    }
  }
  const pump = async (): Promise<void> => {
    const { client } = await (lines ??= openLines(context(), headers))
    const mayGoOn = () => !isDown && !isOver && context().verdict.uploading
    while (mayGoOn()) {
      const next = [...pending.values()].find(({ id }) => !started.has(id))
      if (next === undefined) return
      await post(client, next)
    }
  }
  const sendDatagram = async (bytes: string): Promise<void> => {
    const { datagrams } = await (lines ??= openLines(context(), headers))
    if (!isOver && context().verdict.uploading) datagrams?.send(bytes)
  }
  const track = (work: Promise<void>): void => {
    const quiet = work.catch(() => undefined).finally(() => underWay.delete(quiet))
    underWay.add(quiet)
  }

  return {
    offer: (event) => {
      const hasUdp = mayLeave && choices.udpEndpoint.value !== ''
      if (hasUdp && underWay.size < bound) track(sendDatagram(event.bytes))
      if (choices.syncMode.value && !isDown) {
        const url = choices.runtimeEndpoint.value
        if (postAndWait({ url, headers, env: environment.env, body: event.bytes })) {
          note(event.bytes)
          return
        }
        isDown = true
      }
      if (pending.size >= bound) lost += dropOldest(pending, started)
      pending.set(event.id, event)
      if (isDown || pumps === inFlight) return
      pumps += 1
      track(pump().finally(() => (pumps -= 1)))
    },
    drain: async () => {
      const { drainMode, drainTimeoutMs } = context().choices
      const limit = drainMode.value === 'none' ? 0 : Math.min(drainTimeoutMs.value, longestDrainMs)
      const wait = limit - Math.min(limit / 10, afterwardsMs)
      if (limit > 0 && underWay.size > 0) await withinTime(wait, [...underWay])
    },
    end: () => {
      isOver = true
      lines?.then((open) => open.close()).catch(() => undefined)
      const unconfirmed = [...pending.values()]
      pending.clear()
      return { unconfirmed, lost }
    },
  }
}

/** To queue what was not confirmed, and to start the uploader, is a part of the drain, too. */
const afterwardsMs = 5

interface Lines {
  readonly client: HttpClient
  readonly datagrams: Datagrams | undefined
  readonly close: () => void
}

/** Loaded when there is something to send; a host that sends nothing pays nothing. */
async function openLines(
  { choices, environment }: Context,
  headers: Readonly<Record<string, string>>,
): Promise<Lines> {
  const [{ openHttpClient }, { openDatagrams }, { openLookUp }] = await Promise.all([
    import('./http/client.ts'),
    import('./datagram.ts'),
    import('./name-lookup.ts'),
  ])
  const lookUp: LookUp = await openLookUp(postTimeoutMs)
  const { value: address } = choices.udpEndpoint
  const client = openHttpClient({
    endpoint: choices.runtimeEndpoint.value,
    headers,
    env: environment.env,
    timeoutMs: postTimeoutMs,
    inFlight,
    background: lookUp.lookup,
  })
  const datagrams = address === '' ? undefined : await openDatagrams(address, lookUp)
  return {
    client,
    datagrams,
    close: () => {
      lookUp.cancel()
      client.close()
      datagrams?.close()
    },
  }
}

/** Never to an address that came with somebody's project. */
function keyFor({ choices }: Context): boolean {
  const { file } = choices.runtimeEndpoint
  return file === undefined || file.role === 'user' || file.role === 'home'
}

/** The collector asked everybody for a pause, or could not be reached just now. */
function isResting({ choices, paths, environment }: Context): boolean {
  return (
    choices.runtimeEndpoint.value === choices.endpoint.value &&
    mustWait(readUploadState(paths.uploads).next_attempt, environment.now())
  )
}

function dropOldest(pending: Map<string, Pending>, started: ReadonlySet<string>): number {
  for (const id of pending.keys()) {
    if (!started.has(id)) return Number(pending.delete(id))
  }
  return 0
}

async function withinTime(limitMs: number, work: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs)
  })
  await Promise.race([Promise.all(work), limit])
  clearTimeout(timer)
}
