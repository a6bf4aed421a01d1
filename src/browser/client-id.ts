import { accepts } from '../contract/check.ts'
import { uuid } from '../contract/values.ts'
import { inBrowsers as product } from '../product/runmat.ts'
import { globals } from './page.ts'

const key = `${product.id}.telemetry_id`

export function isClientId(value: unknown): value is string {
  return accepts(uuid, value)
}

/** False in a worker, and if the user does not let pages store anything. */
export function canKeep(): boolean {
  try {
    return globals.localStorage !== undefined
  } catch {
    return false
  }
}

export function keptClientId(): string | undefined {
  try {
    const kept = globals.localStorage?.getItem(key)
    return isClientId(kept) ? kept : undefined
  } catch {
    return undefined
  }
}

/**
 * The id of this browser on this site, made with the first event. If it can't be stored there is none,
 * because a new one on each visit would count one person many times.
 */
export function mintClientId(): string | undefined {
  const kept = keptClientId()
  if (kept !== undefined) return kept
  try {
    globals.localStorage?.setItem(key, newUuid())
  } catch {
    // Storage is full or forbidden.
  }
  return keptClientId()
}

export function forgetClientId(): void {
  try {
    globals.localStorage?.removeItem(key)
  } catch {
    // Nothing can be stored here, so nothing was.
  }
}

/** A random (version 4) UUID. `crypto.randomUUID` is missing on pages over plain http. */
export function newUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
