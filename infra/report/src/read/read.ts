import { type Facts, factsOf } from '../facts/facts.ts'

/** Empty lines are not counted. */
export function isEmpty(line: string): boolean {
  return line === '' || line === '\r' || line === '\uFEFF'
}

/** Undefined for a line that is no event. */
export function factsIn(line: string): Facts | undefined {
  try {
    const text = line.startsWith('\uFEFF') ? line.slice(1) : line
    return factsOf(JSON.parse(text), text)
  } catch {
    return undefined
  }
}
