import { facts } from './facts.ts'
import { fitTable } from './fit-table.ts'
import { randomUuid } from './random.ts'
import { surroundings } from './surroundings.ts'

const key = `${facts.product.id}.telemetry_id`

export function isClientId(value: unknown): value is string {
  return fitTable(facts.uuid, value) !== undefined
}

/** False in a worker, and where the person has forbidden pages to keep anything. */
export function canKeep(): boolean {
  try {
    return surroundings.localStorage !== undefined
  } catch {
    return false
  }
}

export function keptClientId(): string | undefined {
  try {
    const kept = surroundings.localStorage?.getItem(key)
    return isClientId(kept) ? kept : undefined
  } catch {
    return undefined
  }
}

/**
 * The id of this browser on this site; it is made when the first event is. Where it cannot be kept
 * there is none: a new one on each visit would count one person many times.
 */
export function mintClientId(): string | undefined {
  const kept = keptClientId()
  if (kept !== undefined) return kept
  try {
    surroundings.localStorage?.setItem(key, randomUuid())
  } catch {
    // Full, or forbidden.
  }
  return keptClientId()
}

export function forgetClientId(): void {
  try {
    surroundings.localStorage?.removeItem(key)
  } catch {
    // Where nothing can be kept, nothing was.
  }
}
