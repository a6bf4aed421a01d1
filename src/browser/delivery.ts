import { openBackoff } from './backoff.ts'
import { canOutlive, type Collector, contentType, post } from './collector.ts'
import { globals } from './page.ts'

/** How much a page holds, and how hard it tries. */
export const limits = {
  /** Of events that wait; the oldest are dropped. */
  events: 256,
  inFlight: 4,
  /** What may outlive a page is 64 KiB in all, for everybody on it; a little is left to others. */
  outlivingBytes: 60_000,
  closeMs: 5000,
} as const

export interface Delivery {
  readonly offer: (id: string, bytes: string) => void
  /** Sends what may be sent now; the rest waits for its time. */
  readonly resume: () => void
  /** The page may be gone soon: what is not under way yet leaves now. */
  readonly flush: () => void
  /** The page goes, and may come back as it was. */
  readonly leave: () => void
  readonly comeBack: () => void
  /** Settles when what is under way has ended, or after a few seconds. */
  readonly settled: () => Promise<void>
  /** Ends what is under way, and forgets everything. */
  readonly drop: () => void
}

interface Request {
  readonly controller: AbortController
  readonly end: Promise<void>
}

/**
 * Brings events to the collector while the page lives, and past its end where the browser can. Only
 * a 204 is a delivery. In all its tries an event is the same bytes, so it counts once.
 */
export function openDelivery(collector: Collector, mayGo: () => boolean): Delivery {
  const pending = new Map<string, string>()
  const underWay = new Map<string, Request>()
  const backoff = openBackoff()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isLeaving = false

  const send = (id: string, bytes: string): void => {
    const controller = new AbortController()
    const end = tryOnce(id, bytes, controller)
    underWay.set(id, { controller, end })
  }
  const tryOnce = async (id: string, bytes: string, controller: AbortController) => {
    const { status, askedMs } = await post(collector, bytes, controller)
    // To a page that goes, its requests seem to fail, a moment before it hears that it goes.
    if (status === 0) await new Promise((resolve) => setTimeout(resolve))
    // Dropped meanwhile?
    if (!underWay.delete(id)) return
    pending.delete(id)
    // The browser goes on with them all the same.
    if (isLeaving && status === 0) return
    if (status === 204) {
      backoff.delivered()
    } else {
      // At the end of the line, lest one that nobody takes hold up all others.
      pending.set(id, bytes)
      backoff.failed(askedMs)
    }
    resume()
  }
  const resume = (): void => {
    clearTimeout(timer)
    if (pending.size === 0 || !mayGo()) return
    const waitMs = backoff.waitMs()
    if (waitMs > 0) {
      timer = setTimeout(resume, waitMs)
      return
    }
    for (const [id, bytes] of pending) {
      if (underWay.size < limits.inFlight && !underWay.has(id)) send(id, bytes)
    }
  }
  const mayHurry = (): boolean => pending.size > 0 && !backoff.isAsked() && mayGo()
  const flush = (): void => {
    if (!mayHurry()) return
    let spare: number = limits.outlivingBytes
    for (const id of underWay.keys()) spare -= pending.get(id)?.length ?? 0
    for (const [id, bytes] of pending) {
      if (underWay.has(id) || spare < bytes.length) continue
      spare -= bytes.length
      send(id, bytes)
    }
  }
  /** For browsers whose requests all end with the page. Nobody hears what became of a beacon. */
  const sendBeacons = (): void => {
    if (!mayHurry()) return
    for (const [id, bytes] of pending) {
      const body = new Blob([bytes], { type: contentType })
      const { controller } = underWay.get(id) ?? {}
      if (!globals.navigator?.sendBeacon?.(collector.url, body)) continue
      underWay.delete(id)
      pending.delete(id)
      controller?.abort()
    }
  }

  // A beacon cannot carry a key.
  const hurry = canOutlive() || collector.key !== undefined ? flush : sendBeacons

  return {
    offer: (id, bytes) => {
      pending.set(id, bytes)
      for (const oldest of pending.keys()) {
        if (pending.size <= limits.events) break
        if (!underWay.has(oldest)) pending.delete(oldest)
      }
      if (isLeaving) hurry()
      else resume()
    },
    resume,
    flush,
    leave: () => {
      isLeaving = true
      hurry()
    },
    comeBack: () => {
      isLeaving = false
      resume()
    },
    settled: () => endOf([...underWay.values()]),
    drop: () => {
      clearTimeout(timer)
      pending.clear()
      for (const { controller } of underWay.values()) controller.abort()
      underWay.clear()
    },
  }
}

/** When all of them have ended, or a few seconds later. */
async function endOf(requests: readonly Request[]): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const limit = new Promise((resolve) => (timer = setTimeout(resolve, limits.closeMs)))
  await Promise.race([Promise.all(requests.map(({ end }) => end)), limit])
  clearTimeout(timer)
}
