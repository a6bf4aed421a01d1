export interface BrowserTelemetryOptions {
  /**
   * Has this user agreed? Only `true` is consent. Without it nothing is sent, made or stored; with
   * `false`, an id that was stored before is removed as well.
   */
  readonly telemetryConsent?: boolean | undefined
  /**
   * A random (version 4) UUID that the host keeps for this user. Without one an id is made with the
   * first event and stored in localStorage.
   */
  readonly telemetryId?: string | undefined
  /** Where to post: https, or http to this machine. By default the product's own collector. */
  readonly endpoint?: string | undefined
  /** The key, if the collector requires one. Every visitor of a page can read it. */
  readonly ingestionKey?: string | undefined
  /** The host's own version. */
  readonly version?: string | undefined
}

/** A copy, so that later changes have no effect. A value that can't be read is missing. */
export function readOptions(given: BrowserTelemetryOptions): BrowserTelemetryOptions {
  try {
    const { telemetryConsent, telemetryId, endpoint, ingestionKey, version } = given
    return { telemetryConsent, telemetryId, endpoint, ingestionKey, version }
  } catch {
    return {}
  }
}
