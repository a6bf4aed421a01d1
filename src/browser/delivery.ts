import { openBackoff } from './backoff.ts'
import { canOutlive, type Collector, contentType, post } from './collector.ts'
import { globals } from './page.ts'

/** How much a page keeps, and how often it retries. */
export const limits = {
  /** Waiting events; the oldest are dropped. */
  events: 256,
  inFlight: 4,
  /** All requests that outlive a page share 64 KiB. This leaves some to other scripts. */
  outlivingBytes: 60_000,
  closeMs: 5000,
} as const

export interface Delivery {
  readonly offer: (id: string, bytes: string) => void
  /** Sends what may be sent now. The rest waits. */
  readonly resume: () => void
  /** The page may be closed soon: sends what is not being sent yet. */
  readonly flush: () => void
  /** The page is hidden, and may be restored as it was. */
  readonly leave: () => void
  readonly comeBack: () => void
  /** Settles when all requests have ended, or after a few seconds. */
  readonly settled: () => Promise<void>
  /** Aborts all requests and drops all events. */
  readonly drop: () => void
}

interface Request {
  readonly controller: AbortController
  readonly end: Promise<void>
}

/**
 * Delivers events to the collector while the page lives, and after its end if the browser can. Only a
 * 204 is a delivery. Every attempt sends the same bytes, so an event counts once.
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
    // In a closing page requests seem to fail, a moment before the page learns that it is closing.
    if (status === 0) await new Promise((resolve) => setTimeout(resolve))
    // Dropped meanwhile?
    if (!underWay.delete(id)) return
    pending.delete(id)
    // The browser still completes them.
    if (isLeaving && status === 0) return
    if (status === 204) {
      backoff.delivered()
    } else {
      // At the end of the queue, so that a refused event does not hold up the others.
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
  /** For browsers whose requests end with the page. A beacon has no answer. */
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
