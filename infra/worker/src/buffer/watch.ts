import { limits } from '../limits.ts'
import type { Survey } from './survey.ts'

/** Older than this an event waits for something. */
const restSeconds = 60

/** What is worth a line in the log; undefined while all is as it should be. */
export function worthSaying({
  messages,
  bytes,
  mostBytes,
  oldestAge,
  sinks,
}: Survey): Readonly<Record<string, number>> | undefined {
  const deadLetters = sinks.reduce((sum, sink) => sum + sink.deadLetters, 0)
  if (oldestAge < restSeconds && deadLetters === 0) return undefined
  return {
    events: messages,
    oldestSeconds: Math.round(oldestAge),
    share: Math.round((bytes / mostBytes) * 100) / 100,
    deadLetters,
  }
}

/** Says it, once in a while. */
export function watchBuffer(
  survey: () => Promise<Survey | undefined>,
  say: (standing: Readonly<Record<string, number>>) => void,
): () => void {
  const look = async (): Promise<void> => {
    const seen = await survey()
    const standing = seen && worthSaying(seen)
    if (standing !== undefined) say(standing)
  }
  const timer = setInterval(() => void look(), limits.buffer.sayMs).unref()
  return () => clearInterval(timer)
}
