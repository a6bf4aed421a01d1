import { parseDocument } from './document.ts'
import { lineNumber } from './line.ts'
import { equal, holds, type Path } from './path.ts'
import type { Spot } from './scan.ts'

/** Where the path is written or, for a table without a header, where it first comes into being. */
export const spotAt = (spots: readonly Spot[], path: Path): Spot | undefined =>
  spots.find((spot) => equal(spot.path, path)) ?? spots.find((spot) => holds(path, spot.path))

/** The 1-based line of a key, or of the header of a table. */
export const locate = (source: string, keyPath: Path): number | undefined => {
  const { text, spots } = parseDocument(source)
  const spot = spotAt(spots, keyPath)
  return spot && lineNumber(text, spot.start)
}
