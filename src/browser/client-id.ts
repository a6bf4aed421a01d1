import { accepts } from '../contract/check.ts'
import { uuid } from '../contract/values.ts'
import { inBrowsers as product } from '../product/runmat.ts'
import { globals, quietly } from './page.ts'

const key = `${product.id}.telemetry_id`

export function isClientId(value: unknown): value is string {
  return accepts(uuid, value)
}

/** False in a worker, and if the user does not let pages store anything. */
export function canKeep(): boolean {
  return Boolean(quietly(() => globals.localStorage))
}

export function keptClientId(): string | undefined {
  const kept = quietly(() => globals.localStorage?.getItem(key))
  return isClientId(kept) ? kept : undefined
}

/**
 * The id of this browser on this site, made with the first event. If it can't be stored there is none,
 * because a new one on each visit would count one person many times.
 */
export function mintClientId(): string | undefined {
  if (!keptClientId()) quietly(() => globals.localStorage?.setItem(key, newUuid()))
  return keptClientId()
}

export function forgetClientId(): void {
  quietly(() => globals.localStorage?.removeItem(key))
}

/** A random (version 4) UUID. `crypto.randomUUID` is missing on pages over plain http. */
export function newUuid(): string {
  const [...bytes] = crypto.getRandomValues(new Uint8Array(32))
  // A digit of four random bits for each; the 4 stays, and of the 8 only the upper two bits do.
  return '00000000-0000-4000-8000-000000000000'.replace(/[08]/g, (digit) =>
    ((Number(bytes.pop()) & (digit === '8' ? 3 : 15)) | Number(digit)).toString(16),
  )
}
