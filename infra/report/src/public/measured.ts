/** A cell with fewer installs than this is never published. */
export const least = 20

/** A row before it is decided what of it may be seen. */
export interface Candidate {
  readonly leading: readonly string[]
  /** Where it belongs, if its names do not say so: below each of them is a sum that may be known. */
  readonly path?: readonly string[]
  /** How many installs stand behind the whole row. */
  readonly weight: number
  /** And behind each of its counts. */
  readonly cells: Readonly<Record<string, Cell>>
}

export interface Cell {
  readonly value: number
  readonly installs: number
  /** Of several groups that it gives away, `installs` is the smallest. */
  readonly groups?: readonly number[]
}

/** A question's rows with the number of installs that stand behind each of its counts. */
export interface Measured {
  readonly leading: readonly string[]
  readonly candidates: readonly Candidate[]
  /** Of installs, each counts once, however often it sent something. */
  readonly counts: 'installs' | 'events'
  /** Rows have no install in common, or no total of them is known. */
  readonly isSum: boolean
  /** Of these columns no total is published anywhere. */
  readonly isWithoutTotal?: boolean
  /** Sums that people can work out from one row: where one part is hidden, so is the sum. */
  readonly together?: readonly (readonly string[])[]
  /** What another table's total has besides these rows. */
  readonly rest?: Cell
}

export interface Protected {
  readonly leading: readonly string[]
  /** Rounded to ten; null where it is hidden. */
  readonly counts: Readonly<Record<string, number | null>>
}

/** Of groups that are there. */
export function fewest(groups: readonly number[]): number {
  const some = groups.filter((count) => count > 0)
  return some.length === 0 ? 0 : Math.min(...some)
}

/** The installs behind several figures: at least so many, where figures may share them. */
export function together(installs: readonly number[], isSum: boolean): number {
  return isSum ? installs.reduce((sum, one) => sum + one, 0) : Math.max(0, ...installs)
}
