export interface BrowserTelemetryOptions {
  /**
   * Has this person agreed? Only `true` is a yes. Without it nothing is sent, made or kept; with
   * `false`, an id that was kept before is removed as well.
   */
  readonly telemetryConsent?: boolean | undefined
  /**
   * A random (version 4) UUID that the host keeps for this person. Without one an id is made with
   * the first event and kept in localStorage.
   */
  readonly telemetryId?: string | undefined
  /** Where to post: https, or http to this machine. By default the product's own collector. */
  readonly endpoint?: string | undefined
  /** What the collector asks for, if it asks for anything. Every visitor of a page can read it. */
  readonly ingestionKey?: string | undefined
  /** The host's own version. */
  readonly version?: string | undefined
}

/** A copy, so that nothing changes later on; what cannot be read is not there. */
export function readOptions(given: BrowserTelemetryOptions): BrowserTelemetryOptions {
  try {
    const { telemetryConsent, telemetryId, endpoint, ingestionKey, version } = given
    return { telemetryConsent, telemetryId, endpoint, ingestionKey, version }
  } catch {
    return {}
  }
}
