const z = 1.959_963_984_540_054

export interface Rate {
  readonly share: number | null
  readonly low: number | null
  readonly high: number | null
}

/** A share with its 95 % interval (Wilson), which holds for few and for extreme shares as well. */
export function rateOf(hits: number, n: number): Rate {
  if (n === 0) return { share: null, low: null, high: null }
  const share = hits / n
  const middle = share + (z * z) / (2 * n)
  const half = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))
  const scale = 1 + (z * z) / n
  return {
    share,
    low: hits === 0 ? 0 : Math.max(0, (middle - half) / scale),
    high: hits === n ? 1 : Math.min(1, (middle + half) / scale),
  }
}
