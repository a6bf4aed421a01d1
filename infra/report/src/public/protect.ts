import type { Value } from '../questions/question.ts'
import { additionOf, isRestFew, type Shorter } from './addition.ts'
import { type Candidate, least, type Measured, type Protected, together } from './measured.ts'

/**
 * Hides what fewer than 20 installs did, and so much more that no difference of published figures
 * gives it away: below every total either nothing is hidden, or two things at least that make 20. The
 * same holds of what a period has more than a shorter one.
 */
export function protect(
  measured: Measured,
  shorter: readonly Shorter[] = [],
): readonly Protected[] {
  const { candidates } = measured
  if (isRestFew(measured, shorter)) return []
  const rows = visibleRows(measured)
  const hidden = hiddenCells(measured, rows, shorter)
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
const code = /^(RunMat|MATLAB|Octave)(:[A-Za-z0-9_-]{1,48}){1,4}$/

function isPublic(name: string): boolean {
  return word.test(name) || code.test(name)
}

function visibleRows({ candidates, isSum }: Measured): Set<number> {
  const visible = new Set<number>()
  for (const [at, { leading, weight }] of candidates.entries()) {
    if (weight >= least && leading.every(isPublic)) visible.add(at)
  }
  const all = [...candidates.keys()]
  while (hideMore(candidates, all, 0, visible, isSum)) continue
  return visible
}

function isRevealed(installs: readonly number[], isSum: boolean): boolean {
  return installs.length === 1 || (installs.length > 1 && together(installs, isSum) < least)
}

/** One step: hides the smallest neighbour of what would stand alone. Says whether it did. */
function hideMore(
  candidates: readonly Candidate[],
  members: readonly number[],
  depth: number,
  visible: Set<number>,
  isSum: boolean,
): boolean {
  if (!members.some((at) => visible.has(at))) return false
  const children = childrenOf(candidates, members, depth)
  const weightOf = (child: readonly number[]) =>
    together(
      child.map((at) => candidates[at]?.weight ?? 0),
      isSum,
    )
  const isHidden = (child: readonly number[]) => !child.some((at) => visible.has(at))
  if (isRevealed(children.filter(isHidden).map(weightOf), isSum)) {
    const [next] = children
      .filter((child) => !isHidden(child))
      .toSorted((a, b) => weightOf(a) - weightOf(b))
    for (const at of next ?? []) visible.delete(at)
    return next !== undefined
  }
  const deepest = pathOf(candidates[members[0] ?? 0]).length - 1
  return (
    depth < deepest &&
    children.some((child) => hideMore(candidates, child, depth + 1, visible, isSum))
  )
}

function pathOf({ path, leading }: Partial<Candidate> = {}): readonly string[] {
  return path ?? leading ?? []
}

function childrenOf(
  candidates: readonly Candidate[],
  members: readonly number[],
  depth: number,
): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>()
  for (const at of members) {
    const name = pathOf(candidates[at])[depth] ?? ''
    groups.set(name, [...(groups.get(name) ?? []), at])
  }
  return [...groups.values()]
}

function cellKey(row: number, name: string): string {
  return `${row} ${name}`
}

function hiddenCells(
  measured: Measured,
  rows: ReadonlySet<number>,
  shorter: readonly Shorter[],
): Set<string> {
  const { candidates, isSum } = measured
  const names = Object.keys(candidates[0]?.cells ?? {})
  const own = (at: number, name: string) => candidates[at]?.cells[name]?.installs ?? 0
  const additions = shorter.map((one) => additionOf(measured, one))
  const hidden = new Set<string>()
  for (const at of candidates.keys()) {
    for (const name of names) {
      const isFew = additions.some(({ isSeen, installs }) => {
        const more = installs(at, name)
        return isSeen(at, name) && more > 0 && more < least
      })
      if (!rows.has(at) || own(at, name) < least || isFew) hidden.add(cellKey(at, name))
    }
  }
  const isHidden = (at: number, name: string) => hidden.has(cellKey(at, name))
  let before = -1
  while (before !== hidden.size) {
    before = hidden.size
    hideTogether(measured, hidden)
    for (const name of names) {
      if (measured.isWithoutTotal === true) continue
      // Another table may have the sum of a column.
      hideInColumn(name, isHidden, own, true)
      for (const { isSeen, installs } of additions) {
        const isUnknown = (at: number) =>
          (isHidden(at, name) || !isSeen(at, name)) && installs(at, name) > 0
        hideInColumn(name, isUnknown, installs, false)
      }
    }
  }
  return hidden

  /** Hides the smallest of those left if the hidden ones would stand alone. */
  function hideInColumn(
    name: string,
    isGone: (at: number, name: string) => boolean,
    installs: (at: number, name: string) => number,
    isWhole: boolean,
  ): void {
    const gone = [...candidates.keys()].filter((at) => isGone(at, name))
    if (
      !isRevealed(
        gone.map((at) => installs(at, name)),
        isSum,
      )
    )
      return
    const [next] = [...rows]
      .filter((at) => !gone.includes(at) && (isWhole || installs(at, name) > 0))
      .toSorted((a, b) => installs(a, name) - installs(b, name))
    if (next !== undefined) hidden.add(cellKey(next, name))
  }
}

function hideTogether({ candidates, together: sums = [] }: Measured, hidden: Set<string>): void {
  for (const at of candidates.keys()) {
    for (const [whole = '', ...parts] of sums) {
      if (parts.some((name) => hidden.has(cellKey(at, name)))) hidden.add(cellKey(at, whole))
    }
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
