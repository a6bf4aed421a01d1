/** Where a run failed, in the words of the questions. The code says more than the stage. */
const codes: readonly (readonly [RegExp, string])[] = [
  [/Gpu|GPU/, 'gpu'],
  [/Fusion/, 'fusion'],
]

const stages: Readonly<Record<string, string>> = {
  parser: 'parser',
  hir: 'compiler',
  compile: 'compiler',
  runtime: 'runtime',
}

export function areaOf(stage: string, code: string): string {
  for (const [pattern, area] of codes) if (pattern.test(code)) return area
  return Object.hasOwn(stages, stage) ? (stages[stage] as string) : 'other'
}
