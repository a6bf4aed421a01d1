import type { UsageInput } from './milestones.ts'
import { usableVersion } from './usage.ts'

/** One call of a host that counts something, as it can be written down for later. */
export interface Counting {
  readonly at: string
  /** Absent if the host gave none. */
  readonly version?: string
  /** Were uploads allowed when it was counted? If not, it is never sent. */
  readonly mayLeave: boolean
  readonly input: UsageInput
  /** Events of runs that were dropped for lack of room. */
  readonly dropped?: number
}

const form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/

/** Reads what `postpone` wrote. Anything else counts nothing: the file may be damaged. */
export function countingIn(content: unknown): readonly Counting[] {
  const { at, version, mayLeave, input, dropped } = (content ?? {}) as Partial<Counting>
  const isWhole = typeof at === 'string' && form.test(at) && typeof input === 'object'
  if (!isWhole || input === null) return []
  return [
    {
      at,
      ...(typeof version === 'string' && { version: usableVersion(version) }),
      mayLeave: mayLeave === true,
      input,
      dropped: Number.isSafeInteger(dropped) ? Math.max(0, Number(dropped)) : 0,
    },
  ]
}
