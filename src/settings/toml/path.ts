/** The parts of a dotted key, from the root of the document. */
export type Path = readonly string[]

/** How many leading parts the two have in common. */
export const shared = (a: Path, b: Path): number => {
  const difference = a.findIndex((part, index) => part !== b[index])
  return difference < 0 ? a.length : difference
}

/** Whether `inner` is `outer` itself or lies beneath it. */
export const holds = (outer: Path, inner: Path): boolean => shared(outer, inner) === outer.length

export const equal = (a: Path, b: Path): boolean => a.length === b.length && holds(a, b)
