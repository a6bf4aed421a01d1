import type { Value } from '../questions/question.ts'

/** A cell with fewer installs than this is never published. */
export const least = 20

/** A row before it is decided what of it may be seen. */
export interface Candidate {
  readonly leading: readonly string[]
  /** How many installs stand behind the whole row. */
  readonly weight: number
  /** And behind each of its counts. */
  readonly cells: Readonly<Record<string, { readonly value: number; readonly installs: number }>>
}

export interface Protected {
  readonly leading: readonly string[]
  /** Rounded to ten; null where it is hidden. */
  readonly counts: Readonly<Record<string, number | null>>
}

/** Sums that people can work out from one row: where one part is hidden, so are the others. */
export type Together = readonly (readonly string[])[]

/**
 * Hides what fewer than 20 installs did, and so much more that no difference of published figures
 * gives it away: below every total either nothing is hidden, or two things at least that make 20.
 */
export function protect(
  candidates: readonly Candidate[],
  together: Together,
): readonly Protected[] {
  const rows = visibleRows(candidates)
  const hidden = hiddenCells(candidates, rows, together)
  return candidates.flatMap((candidate, at) => {
    if (!rows.has(at)) return []
    const counts = Object.entries(candidate.cells).map(([name, { value }]) => [
      name,
      hidden.has(cellKey(at, name)) ? null : rounded(value),
    ])
    return [
      { leading: candidate.leading, counts: Object.fromEntries(counts) as Protected['counts'] },
    ]
  })
}

export function rounded(value: number): number {
  return Math.round(value / 10) * 10
}

/** A name of ours or of RunMat's. What a user's program called its error is theirs. */
const word = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,47}$/
const code = /^(RunMat|MATLAB|Octave)(:[A-Za-z0-9_]{1,48}){1,4}$/

function isPublic(name: string): boolean {
  return word.test(name) || code.test(name)
}

function visibleRows(candidates: readonly Candidate[]): Set<number> {
  const visible = new Set<number>()
  for (const [at, { leading, weight }] of candidates.entries()) {
    if (weight >= least && leading.every(isPublic)) visible.add(at)
  }
  const all = [...candidates.keys()]
  while (hideMore(candidates, all, 0, visible)) continue
  return visible
}

/** One step: hides the smallest neighbour of what would stand alone. Says whether it did. */
function hideMore(
  candidates: readonly Candidate[],
  members: readonly number[],
  depth: number,
  visible: Set<number>,
): boolean {
  if (!members.some((at) => visible.has(at))) return false
  const children = childrenOf(candidates, members, depth)
  const weightOf = (child: readonly number[]) =>
    child.reduce((sum, at) => sum + (candidates[at]?.weight ?? 0), 0)
  const isHidden = (child: readonly number[]) => !child.some((at) => visible.has(at))
  const hidden = children.filter(isHidden)
  const weight = hidden.reduce((sum, child) => sum + weightOf(child), 0)
  if (hidden.length > 0 && (hidden.length < 2 || weight < least)) {
    const [next] = children
      .filter((child) => !isHidden(child))
      .toSorted((a, b) => weightOf(a) - weightOf(b))
    for (const at of next ?? []) visible.delete(at)
    return next !== undefined
  }
  const deepest = (candidates[members[0] ?? 0]?.leading.length ?? 0) - 1
  return (
    depth < deepest && children.some((child) => hideMore(candidates, child, depth + 1, visible))
  )
}

function childrenOf(
  candidates: readonly Candidate[],
  members: readonly number[],
  depth: number,
): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>()
  for (const at of members) {
    const name = candidates[at]?.leading[depth] ?? ''
    groups.set(name, [...(groups.get(name) ?? []), at])
  }
  return [...groups.values()]
}

function cellKey(row: number, name: string): string {
  return `${row} ${name}`
}

function hiddenCells(
  candidates: readonly Candidate[],
  rows: ReadonlySet<number>,
  together: Together,
): Set<string> {
  const hidden = new Set<string>()
  for (const [at, { cells }] of candidates.entries()) {
    for (const [name, { installs }] of Object.entries(cells)) {
      if (!rows.has(at) || installs < least) hidden.add(cellKey(at, name))
    }
  }
  let before = -1
  while (before !== hidden.size) {
    before = hidden.size
    hideTogether(candidates, together, hidden)
    hideInColumns(candidates, rows, hidden)
  }
  return hidden
}

function hideTogether(
  candidates: readonly Candidate[],
  together: Together,
  hidden: Set<string>,
): void {
  for (const at of candidates.keys()) {
    for (const [whole = '', ...parts] of together) {
      if (!parts.some((name) => hidden.has(cellKey(at, name)))) continue
      hidden.add(cellKey(at, whole))
    }
  }
}

/** Another table may have the sum of a column. */
function hideInColumns(
  candidates: readonly Candidate[],
  rows: ReadonlySet<number>,
  hidden: Set<string>,
): void {
  for (const name of Object.keys(candidates[0]?.cells ?? {})) {
    const installs = (at: number) => candidates[at]?.cells[name]?.installs ?? 0
    const gone = [...candidates.keys()].filter((at) => hidden.has(cellKey(at, name)))
    const sum = gone.reduce((total, at) => total + installs(at), 0)
    if (gone.length === 0 || (gone.length >= 2 && sum >= least)) continue
    const [next] = [...rows]
      .filter((at) => !hidden.has(cellKey(at, name)))
      .toSorted((a, b) => installs(a) - installs(b))
    if (next !== undefined) hidden.add(cellKey(next, name))
  }
}

export function rowOf(
  names: readonly string[],
  { leading, counts }: Protected,
): Record<string, Value> {
  const row: Record<string, Value> = {}
  for (const [at, name] of names.entries()) row[name] = leading[at] ?? null
  return Object.assign(row, counts)
}
