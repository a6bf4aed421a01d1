/** The chance to see a share this much worse, or more, where nothing changed. */
export interface Sample {
  readonly hits: number
  readonly n: number
  /** How much more the share varies than independent trials would; 1 where they are. */
  readonly spread: number
}

/** Is the share in `now` higher than in `before`? One-sided, pooled. */
export function higher(before: Sample, now: Sample): number {
  const pooled = (before.hits + now.hits) / (before.n + now.n)
  const variance = pooled * (1 - pooled) * (before.spread / before.n + now.spread / now.n)
  if (variance === 0) return 1
  return upperTail((now.hits / now.n - before.hits / before.n) / Math.sqrt(variance))
}

/** Of the normal distribution; Abramowitz and Stegun 26.2.17, right to seven places. */
export function upperTail(z: number): number {
  if (z < 0) return 1 - upperTail(-z)
  const t = 1 / (1 + 0.231_641_9 * z)
  const series =
    t *
    (0.319_381_53 +
      t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))))
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
}

/** Benjamini and Hochberg: which of these are found, so that few of the found are chance. */
export function discoveries(chances: readonly number[], rate: number): readonly boolean[] {
  const order = chances
    .map((chance, at) => ({ chance, at }))
    .toSorted((a, b) => a.chance - b.chance)
  let last = -1
  for (const [rank, { chance }] of order.entries()) {
    if (chance <= (rate * (rank + 1)) / chances.length) last = rank
  }
  const found = new Set(order.slice(0, last + 1).map(({ at }) => at))
  return chances.map((_, at) => found.has(at))
}
