import { forgetClientId, isClientId, keptClientId, mintClientId } from './client-id.ts'
import { collectorOf } from './collector.ts'
import { type Delivery, openDelivery } from './delivery.ts'
import type { BrowserTelemetryOptions } from './options.ts'
import { follow, globals, isBrowser, quietly } from './page.ts'

/** Exists only while there is consent. New consent makes a new session. */
export interface Session {
  readonly delivery: Delivery
  readonly unfollow: () => void
  hasMinted: boolean
}

export interface Consent {
  /** Called before each event and request, because a browser can object at any time. */
  readonly session: () => Session | undefined
  readonly set: (consent: unknown) => void
  /** The id, made if there is none. Called only within a session. */
  readonly clientId: () => string | undefined
  /** The id, if there is one. */
  readonly knownId: () => string | undefined
  readonly close: () => Promise<void>
}

/** May we send? Only if the user agreed, the browser does not object, and there is an address. */
export function openConsent(options: BrowserTelemetryOptions): Consent {
  const { telemetryConsent, telemetryId, endpoint, ingestionKey } = options
  const ownId = isClientId(telemetryId) ? telemetryId : undefined
  let current: Session | undefined

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
    if (!isBrowser()) return
    if (consent !== true || isObjected()) return withdraw()
    const collector = !current && collectorOf(endpoint, ingestionKey)
    if (!collector) return
    const delivery = openDelivery(collector, () => session() !== undefined)
    // The user withdrew consent in another tab, or cleared this site's storage.
    const onStorage = (): void => {
      if (current?.hasMinted && !keptClientId()) withdraw()
    }
    current = { delivery, unfollow: follow(delivery, onStorage), hasMinted: false }
  }
  // Until the user was asked, there is nothing to do and nothing to undo.
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
      const delivery = session()?.delivery
      delivery?.flush()
      await delivery?.settled()
      stop()
    },
  }
}

/** What browsers say if the user has not objected. */
const silence = /^(undefined|null|unspecified||0|no|off|false)$/i

/**
 * Has the user objected in the browser? Do Not Track and Global Privacy Control count equally, whatever
 * the page was told. A value that is unknown or can't be read is an objection.
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
