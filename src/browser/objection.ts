import { surroundings } from './surroundings.ts'

/** What browsers say when nobody has objected. */
const silence = new Set(['undefined', 'null', 'unspecified', '', '0', 'no', 'off', 'false'])

/**
 * Has the person told the browser that they do not want this? Do Not Track and Global Privacy
 * Control are heard alike, whatever a page has been told. A value that nobody knows is a no, and
 * so is one that cannot be read.
 */
export function isObjected(): boolean {
  try {
    const { navigator, doNotTrack } = surroundings
    return [
      navigator?.globalPrivacyControl,
      navigator?.doNotTrack,
      navigator?.msDoNotTrack,
      doNotTrack,
    ].some((said) => !silence.has(String(said).toLowerCase()))
  } catch {
    return true
  }
}
