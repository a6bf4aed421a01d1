import { fewest, least, type Measured, type Protected, together } from './measured.ts'

/** A shorter period that ends on the same day, and what was decided about it. */
export interface Shorter {
  readonly measured: Measured
  readonly shown: readonly Protected[]
  /** The days by which this one is longer, in one part or several. */
  readonly more: readonly Measured[]
}

/** Would a total of its columns give away what fewer than 20 installs did? */
export function isToldByTotal(
  measured: Measured,
  shown: readonly Protected[],
  shorter: readonly Shorter[] = [],
): boolean {
  const { candidates, isSum } = measured
  const self = additionOf(measured, {
    measured: { ...measured, candidates: [] },
    shown,
    more: [measured],
  })
  return [self, ...shorter.map((one) => additionOf(measured, one))].some(({ isSeen, installs }) =>
    Object.keys(candidates[0]?.cells ?? {}).some((name) => {
      const gone = [...candidates.keys()].filter(
        (at) => !(self.isSeen(at, name) && isSeen(at, name)),
      )
      const few = together(
        gone.map((at) => installs(at, name)),
        isSum,
      )
      return few > 0 && few < least
    }),
  )
}

export interface Addition {
  /** In the shorter period. */
  readonly isSeen: (row: number, name: string) => boolean
  /** Those behind what the longer period has more, or less. */
  readonly installs: (row: number, name: string) => number
}

export function additionOf(
  { candidates, counts }: Measured,
  { measured, shown, more }: Shorter,
): Addition {
  const keyed = <Row extends { readonly leading: readonly string[] }>(list: readonly Row[]) =>
    new Map(list.map((row) => [row.leading.join('\n'), row]))
  const [seen, before] = [keyed(shown), keyed(measured.candidates)]
  const between = more.map((part) => keyed(part.candidates))
  const keys = candidates.map(({ leading }) => leading.join('\n'))
  return {
    isSeen: (row, name) => typeof seen.get(keys[row] ?? '')?.counts[name] === 'number',
    installs: (row, name) => {
      const key = keys[row] ?? ''
      const [cell, old] = [candidates[row]?.cells[name], before.get(key)?.cells[name]]
      if (counts === 'installs') return Math.abs((cell?.installs ?? 0) - (old?.installs ?? 0))
      const difference = Math.abs((cell?.value ?? 0) - (old?.value ?? 0))
      const behind = between.flatMap((part) => part.get(key)?.cells[name] ?? [])
      const groups = behind.map((one) => one.groups ?? [one.installs])
      const most = (groups[0] ?? []).map((_, at) => Math.max(...groups.map((one) => one[at] ?? 0)))
      return Math.min(difference, fewest(most) || difference)
    },
  }
}

/** Does another total less all of these rows give away fewer than 20? */
export function isRestFew({ rest }: Measured, shorter: readonly Shorter[]): boolean {
  if (rest === undefined) return false
  const added = shorter.flatMap(({ measured, shown, more }) => {
    const isSame = rest.value === measured.rest?.value
    return isSame || shown.length === 0 ? [] : more.map((part) => part.rest?.installs ?? 0)
  })
  return [rest.installs, ...added].some((installs) => installs > 0 && installs < least)
}
