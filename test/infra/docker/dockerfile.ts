export interface Step {
  readonly instruction: string
  readonly text: string
}

export interface Stage {
  readonly name: string | undefined
  readonly image: string
  readonly steps: readonly Step[]
}

/** Parses a Dockerfile into stages. Everything before the first FROM is left out. */
export function parseDockerfile(text: string): Stage[] {
  const stages: { name: string | undefined; image: string; steps: Step[] }[] = []
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
  for (const line of lines) {
    const [, instruction = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? []
    if (instruction === '' && line.trim() !== '') throw new Error(`not a step: ${line}`)
    if (instruction === 'FROM') {
      const [image = '', , name] = rest.split(/\s+/)
      stages.push({ name, image, steps: [] })
    } else if (instruction !== '') {
      stages.at(-1)?.steps.push({ instruction, text: rest })
    }
  }
  return stages
}

export function stepsOf(stage: Stage | undefined, instruction: string): string[] {
  return (
    stage?.steps.filter((step) => step.instruction === instruction).map(({ text }) => text) ?? []
  )
}

/** Parses `["node", "…"]` and drops what precedes it. In this form no shell swallows signals. */
export function execForm(text: string): string[] {
  return JSON.parse(text.slice(text.indexOf('['))) as string[]
}

export function environmentOf(stage: Stage | undefined): Record<string, string> {
  return Object.fromEntries(
    stepsOf(stage, 'ENV')
      .flatMap((text) => text.split(/\s+/))
      .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  )
}
