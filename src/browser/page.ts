import type { Delivery } from './delivery.ts'

/** What we use of a browser or a web worker. Any of it may be missing or throw. */
interface Globals {
  readonly navigator?: {
    readonly doNotTrack?: unknown
    readonly msDoNotTrack?: unknown
    readonly globalPrivacyControl?: unknown
    readonly userAgent?: string
    readonly userAgentData?: { readonly platform?: string }
    readonly sendBeacon?: (url: string, body: Blob) => boolean
  }
  readonly doNotTrack?: unknown
  readonly document?: { readonly visibilityState: string }
  readonly WorkerGlobalScope?: unknown
  readonly localStorage?: {
    readonly getItem: (key: string) => string | null
    readonly setItem: (key: string, value: string) => void
    readonly removeItem: (key: string) => void
  }
}

interface Target {
  readonly addEventListener: (
    type: string,
    listener: () => void,
    options: { readonly signal: AbortSignal },
  ) => void
}

export const globals = globalThis as unknown as Globals & Target

/** False if the page is rendered on a server, without a user. */
export function isBrowser(): boolean {
  return 'document' in globals || 'WorkerGlobalScope' in globals
}

/**
 * Follows the page's life cycle. Returns a function that stops following. There is no `unload`
 * handler, because it would keep the page from being restored when the user comes back.
 */
export function follow(delivery: Delivery, onStorage: () => void): () => void {
  const { flush, leave, comeBack, resume } = delivery
  const ended = new AbortController()
  const listeners = {
    // Of the document; it reaches the window as well.
    visibilitychange: () => (globals.document?.visibilityState === 'hidden' ? flush() : resume()),
    pagehide: leave,
    pageshow: comeBack,
    storage: onStorage,
  }
  for (const [type, listener] of Object.entries(listeners)) {
    globals.addEventListener(type, listener, ended)
  }
  return () => ended.abort()
}

/** Catches everything: the page must not notice our errors. */
export function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
