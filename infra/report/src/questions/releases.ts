/** Newest first, by semantic versioning; a name that is no version comes last. */
export function compareReleases(left: string, right: string): number {
  const a = parsed(left)
  const b = parsed(right)
  if (a === undefined || b === undefined) {
    if (a === b) return left < right ? -1 : Number(left > right)
    return a === undefined ? 1 : -1
  }
  for (let index = 0; index < 3; index += 1) {
    const difference = (b.numbers[index] ?? 0) - (a.numbers[index] ?? 0)
    if (difference !== 0) return difference
  }
  return comparePre(b.pre, a.pre)
}

interface Version {
  readonly numbers: readonly number[]
  readonly pre: readonly string[]
}

function parsed(release: string): Version | undefined {
  const found = /^(\d+)\.(\d+)(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(release)
  if (found === null) return undefined
  const [, major, minor, patch, pre] = found
  return {
    numbers: [major, minor, patch].map((part) => Number(part ?? 0)),
    pre: pre === undefined ? [] : pre.split('.'),
  }
}

function comparePre(left: readonly string[], right: readonly string[]): number {
  // A release is newer than what led to it.
  if (left.length === 0 || right.length === 0)
    return Number(right.length > 0) - Number(left.length > 0)
  for (const [index, part] of left.entries()) {
    const other = right[index]
    if (other === undefined) return 1
    const difference = comparePart(part, other)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function comparePart(left: string, right: string): number {
  const isNumber = [left, right].map((part) => /^\d+$/.test(part))
  if (isNumber[0] === true && isNumber[1] === true) return Number(left) - Number(right)
  if (isNumber[0] !== isNumber[1]) return isNumber[0] === true ? -1 : 1
  return left < right ? -1 : Number(left > right)
}
