export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

export function median(values) {
  return quantile(values, 0.5)
}

/** The median of the ratios of pairs: a slow moment of the machine affects both sides of a pair. */
export function pairwise(ours, theirs, compare) {
  return median(ours.map((value, index) => compare(value, theirs[index])))
}

export const ratio = (ours, theirs) => pairwise(ours, theirs, (a, b) => a / b)
export const difference = (ours, theirs) => pairwise(ours, theirs, (a, b) => a - b)
