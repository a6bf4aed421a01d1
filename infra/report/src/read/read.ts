import { type Facts, factsOf } from '../facts/facts.ts'
import type { Chunks } from './lines.ts'

/** Gives the facts of each line, and counts the lines that are no event. Empty lines are none. */
export async function readFacts(
  chunks: Chunks,
  take: (facts: Facts) => void,
  pause: () => Promise<void> | undefined = () => undefined,
): Promise<number> {
  let unreadable = 0
  for await (const lines of chunks) {
    for (const line of lines) {
      if (isEmpty(line)) continue
      const facts = factsIn(line)
      if (facts === undefined) unreadable += 1
      else take(facts)
    }
    await pause()
  }
  return unreadable
}

function isEmpty(line: string): boolean {
  return line === '' || line === '\r' || line === '\uFEFF'
}

function factsIn(line: string): Facts | undefined {
  try {
    const text = line.startsWith('\uFEFF') ? line.slice(1) : line
    return factsOf(JSON.parse(text), text)
  } catch {
    return undefined
  }
}
