import { forgetClientId, isClientId, keptClientId, mintClientId } from './client-id.ts'
import { collectorOf } from './collector.ts'
import { type Delivery, openDelivery } from './delivery.ts'
import type { BrowserTelemetryOptions } from './options.ts'
import { follow, globals, isBrowser, quietly } from './page.ts'

/** What there is only while there is consent. A new yes makes a new one. */
export interface Session {
  readonly delivery: Delivery
  readonly unfollow: () => void
  hasMinted: boolean
}

export interface Consent {
  /** Asked before each event and each request: a browser can object at any time. */
  readonly session: () => Session | undefined
  readonly set: (consent: unknown) => void
  /** The id, made where there is none; only ever asked for in a session. */
  readonly clientId: () => string | undefined
  /** The id as far as there is one. */
  readonly knownId: () => string | undefined
  readonly close: () => Promise<void>
}

/** May we? Only where the person said yes, their browser does not object, and there is a way. */
export function openConsent(options: BrowserTelemetryOptions): Consent {
  const { telemetryConsent, telemetryId, endpoint, ingestionKey } = options
  const ownId = isClientId(telemetryId) ? telemetryId : undefined
  const isHere = isBrowser()
  let current: Session | undefined
  let isOpen = true

  const stop = (): void => {
    const ended = current
    current = undefined
    ended?.delivery.drop()
    ended?.unfollow()
  }
  const withdraw = (): void => {
    stop()
    forgetClientId()
  }
  const session = (): Session | undefined => {
    if (current && isObjected()) withdraw()
    return current
  }
  const set = (consent: unknown): void => {
    if (!isHere) return
    if (consent !== true || isObjected()) return withdraw()
    const collector = !current && isOpen && collectorOf(endpoint, ingestionKey)
    if (!collector) return
    const delivery = openDelivery(collector, () => session() !== undefined)
    // Somebody said no in another tab, or threw away what this site keeps.
    const onStorage = (): void => {
      if (current?.hasMinted && !keptClientId()) withdraw()
    }
    current = { delivery, unfollow: follow(delivery, onStorage), hasMinted: false }
  }
  // As long as nobody has asked the person, there is nothing to do and nothing to undo.
  if (telemetryConsent !== undefined) quietly(() => set(telemetryConsent))

  return {
    session,
    set,
    clientId: () => {
      if (ownId) return ownId
      const minted = mintClientId()
      if (current) current.hasMinted = minted !== undefined
      return minted
    },
    knownId: () => ownId ?? (session() && keptClientId()),
    close: async () => {
      isOpen = false
      const delivery = session()?.delivery
      delivery?.flush()
      await delivery?.settled()
      stop()
    },
  }
}

/** What browsers say when nobody has objected. */
const silence = /^(undefined|null|unspecified||0|no|off|false)$/i

/**
 * Has the person told the browser that they do not want this? Do Not Track and Global Privacy
 * Control are heard alike, whatever a page has been told. A value that nobody knows is a no, and
 * so is one that cannot be read.
 */
export function isObjected(): boolean {
  try {
    const { navigator, doNotTrack } = globals
    return [
      navigator?.globalPrivacyControl,
      navigator?.doNotTrack,
      navigator?.msDoNotTrack,
      doNotTrack,
    ].some((said) => !silence.test(String(said)))
  } catch {
    return true
  }
}
