const msPerDay = 86_400_000

/** A day as `2026-11-28`, UTC. */
export type Day = string

export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const at = Date.parse(text)
  return !Number.isNaN(at) && dayOf(at) === text
}

export function dayOf(milliseconds: number): Day {
  return new Date(milliseconds).toISOString().slice(0, 10)
}

export function daysAfter(day: Day, count: number): Day {
  return dayOf(Date.parse(day) + count * msPerDay)
}

/** Both ends belong to it. */
export interface Window {
  readonly since: Day | undefined
  readonly until: Day | undefined
}

export function isWithin(day: Day, { since, until }: Window): boolean {
  return (since === undefined || day >= since) && (until === undefined || day <= until)
}

export const always: Window = { since: undefined, until: undefined }
