/** A day as `2026-11-28`, UTC. */
export type Day = string

const dayMs = 86_400_000
const segment = /^(\d{4}-\d{2}-\d{2})\.([\w.-]+)\.ndjson$/
/** Compressed segments and the report's Parquet are of a day, too, and so is what a killed report left. */
const ofOneDay = /^\.?(\d{4}-\d{2}-\d{2})\.(?:[\w.-]+\.ndjson(?:\.gz)?|parquet)(?:\.\d+\.tmp)?$/

export function dayOf(milliseconds: number): Day {
  return new Date(milliseconds).toISOString().slice(0, 10)
}

export function segmentName(day: Day, worker: string): string {
  return `${day}.${worker}.ndjson`
}

/** Whose segment of which day a file is. Undefined if it is none. */
export function segmentIn(
  name: string,
): { readonly day: Day; readonly worker: string } | undefined {
  const [, day, worker] = segment.exec(name) ?? []
  return day === undefined || worker === undefined ? undefined : { day, worker }
}

/** The files of days that ended more than so many days ago. */
export function expiredAmong(names: readonly string[], now: number, days: number): string[] {
  const oldest = dayOf(now - days * dayMs)
  return names.filter((name) => {
    const day = ofOneDay.exec(name)?.[1]
    return day !== undefined && day < oldest
  })
}
