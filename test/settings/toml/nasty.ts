import type { Dice } from './dice.ts'
import { Writer, type Write } from './writer.ts'

type Path = readonly string[]

/** The pair that the tests set and remove. */
export interface Target {
  start: number
  value: number
  end: number
  /** Its key as it is written. */
  written: string
  /** How much of its path is made of tables that are written on their own. */
  depth: number
  /** The comments inside of its value. */
  lost: readonly string[]
}

export interface Nasty {
  text: string
  key: Path
  /** Every comment, in order; no two are the same. */
  comments: readonly string[]
  target: Target | undefined
  /** The outermost inline table that the key stands in or belongs in, with its own key. */
  host: { start: number; end: number } | undefined
  /** The line ending behind which the key belongs when it is missing from its own section. */
  tail: number | undefined
}

const KEYS = [
  ['runtime', 'telemetry', 'enabled'],
  ['runtime', 'telemetry', 'http_endpoint'],
  ['telemetry', 'uploads'],
] as const

/** Cuts the path into groups: each but the last is the dotted key of an inline table. */
const grouped = (dice: Dice, path: Path): Path[] => {
  if (path.length === 0) return []
  const length = path.length - dice.roll(path.length)
  return [path.slice(0, length), ...grouped(dice, path.slice(length))]
}

const prefixes = (path: Path, from: number, to: number): Path[] =>
  path.map((_, index) => path.slice(0, index)).filter(({ length }) => from <= length && length < to)

/** Writes a valid document that holds one of the keys in any of TOML's forms, or does not. */
export const nasty = (dice: Dice, isPresent: boolean): Nasty => {
  const writer = new Writer(dice)
  const key: Path = dice.pick(KEYS)
  const depth = key.length - 1 - dice.roll(key.length)
  const groups = grouped(dice, key.slice(depth))
  const dotted = depth + (groups[0]?.length ?? 0)
  let target: Target | undefined
  let host: Nasty['host']
  let tail: number | undefined

  const writeTarget = (path: Path, home: number): void => {
    const start = writer.text.length
    const written = writer.keyAndEquals(path)
    const value = writer.text.length
    const known = writer.comments.length
    if (dice.chance(6)) writer.array(1)
    else writer.scalar()
    const lost = writer.comments.slice(known)
    target = { start, value, end: writer.text.length, written, depth: home, lost }
  }

  const writeHost = (rest: readonly Path[], path: Path, home: number): void => {
    const start = writer.text.length
    writer.keyAndEquals(path)
    writer.items('{', pairs(rest, home + path.length), '}')
    host = { start, end: writer.text.length }
  }

  /** The pairs of a table on the key's path; the groups are what remains of the path. */
  const pairs = ([group = [], ...rest]: readonly Path[], home: number): Write[] => {
    const siblings = Array.from({ length: group.length > 1 ? dice.roll(3) : 0 }, () =>
      writer.pair([...group.slice(0, 1 + dice.roll(group.length - 1)), writer.unique()]),
    )
    const steps =
      rest.length > 0
        ? [() => writeHost(rest, group, home)]
        : isPresent
          ? [() => writeTarget(group, home)]
          : []
    return dice.shuffle([...writer.noise(), ...siblings, ...steps])
  }

  const ownSection = (): void => {
    const header = depth > 0 ? writer.header(key.slice(0, depth)) : undefined
    const end = writer.lines(pairs(groups, depth)) ?? header
    if (depth === key.length - 1) tail = end
  }
  const section =
    (path: Path): Write =>
    () => {
      writer.header(path)
      writer.lines(writer.noise())
    }
  const decoy =
    (above: Path): Write =>
    () => {
      const path = [...above, writer.unique(), ...key.slice(0, dice.roll(key.length))]
      writer.header(path)
      writer.lines([...writer.noise(), ...writer.lookalike()])
    }
  const arrayOfTables =
    (above: Path): Write =>
    () => {
      const path = [...above, writer.unique()]
      for (let tables = 1 + dice.roll(2); tables > 0; tables -= 1) {
        writer.header(path, '[[', ']]')
        writer.lines([...writer.noise(), ...writer.lookalike()])
        if (dice.chance(2)) decoy(path)()
      }
    }
  const some = (writes: readonly Write[]): Write[] => writes.filter(() => dice.chance(3))
  const beneath = (paths: readonly Path[]): Write[] =>
    some(paths.flatMap((path) => [decoy(path), arrayOfTables(path)]))

  const hasOwnSection = depth === 0 || isPresent || dice.roll(3) < 2
  if (depth === 0) ownSection()
  else writer.lines(writer.noise())
  const anywhere = [
    ...(depth > 0 && hasOwnSection ? [ownSection] : []),
    ...some(prefixes(key, 1, depth).map(section)),
    ...beneath([[], ['__proto__'], ...prefixes(key, 1, depth + 1)]),
  ]
  dice.shuffle(anywhere).forEach((write) => write())
  // A header may add to a table made by dotted keys, but not come before them.
  beneath(prefixes(key, depth + 1, dotted)).forEach((write) => write())
  writer.filler()
  const text = dice.chance(3) ? writer.text.replace(/\r?\n$/, '') : writer.text
  return { text, key, comments: writer.comments, target, host, tail }
}
