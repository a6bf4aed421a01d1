/** What we use of a browser, or of a worker in one. Anything of it may be missing, or throw. */
interface Surroundings {
  readonly navigator?: {
    readonly doNotTrack?: unknown
    readonly msDoNotTrack?: unknown
    readonly globalPrivacyControl?: unknown
    readonly userAgent?: string
    readonly userAgentData?: { readonly platform?: string }
    readonly sendBeacon?: (url: string, body: Blob) => boolean
  }
  readonly doNotTrack?: unknown
  readonly document?: Target & { readonly visibilityState: string }
  readonly WorkerGlobalScope?: unknown
  readonly localStorage?: {
    readonly getItem: (key: string) => string | null
    readonly setItem: (key: string, value: string) => void
    readonly removeItem: (key: string) => void
  }
}

interface Target {
  readonly addEventListener: (type: string, listener: () => void) => void
  readonly removeEventListener: (type: string, listener: () => void) => void
}

export const surroundings = globalThis as unknown as Surroundings & Target

/** A page that is rendered on a server has nobody in front of it. */
export function isBrowser(): boolean {
  return 'document' in surroundings || 'WorkerGlobalScope' in surroundings
}
