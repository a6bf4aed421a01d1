/** One line each: the labels, and the value. An undefined value is left out. */
export type Samples = readonly (readonly [labels: string, value: number | undefined])[]

export interface Histogram {
  /** For each bucket, how many observations were at most its bound. */
  readonly counts: number[]
  sum: number
  count: number
}

type Metric = (name: string, help: string, samples: Samples) => string

/** Writes metrics in the Prometheus text format. Every name begins with the prefix. */
export interface MetricsWriter {
  readonly counter: Metric
  readonly gauge: Metric
  readonly histogram: (name: string, help: string, labels: string, values: Histogram) => string
}

const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function openHistogram(): Histogram {
  return { counts: bounds.map(() => 0), sum: 0, count: 0 }
}

export function observe(histogram: Histogram, value: number): void {
  histogram.count += 1
  histogram.sum += value
  for (const [index, bound] of bounds.entries()) {
    if (value <= bound) histogram.counts[index] = (histogram.counts[index] ?? 0) + 1
  }
}

export function metricsWriter(prefix: string): MetricsWriter {
  const head = (type: string, name: string, help: string): string[] => [
    `# HELP ${prefix}_${name} ${help}`,
    `# TYPE ${prefix}_${name} ${type}`,
  ]
  const metric =
    (type: string): Metric =>
    (name, help, samples) =>
      samples.length === 0
        ? ''
        : linesOf([
            ...head(type, name, help),
            ...samples
              .filter(([, value]) => value !== undefined)
              .map(([labels, value]) => `${prefix}_${name}${labels} ${value}`),
          ])
  return {
    counter: metric('counter'),
    gauge: metric('gauge'),
    histogram: (name, help, labels, { counts, sum, count }) =>
      linesOf([
        ...head('histogram', name, help),
        ...bounds.map(
          (bound, index) =>
            `${prefix}_${name}_bucket{${labels},le="${bound}"} ${counts[index] ?? 0}`,
        ),
        `${prefix}_${name}_bucket{${labels},le="+Inf"} ${count}`,
        `${prefix}_${name}_sum{${labels}} ${sum}`,
        `${prefix}_${name}_count{${labels}} ${count}`,
      ]),
  }
}

export function plain(value: number | undefined): Samples {
  return [['', value]]
}

/** Label values are our own words, so they need no escaping. */
export function labelled(label: string, values: Readonly<Record<string, number>>): Samples {
  return Object.entries(values).map(([name, value]) => [`{${label}="${name}"}`, value])
}

export function zeros<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
}

function linesOf(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
