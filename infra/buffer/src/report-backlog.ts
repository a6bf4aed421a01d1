import { limits } from './limits.ts'
import type { Survey } from './survey.ts'

/** An event older than this is waiting for something. */
const restSeconds = 60

/** The facts for the log. Undefined while there is nothing to report. */
export function backlogOf({
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

/** Reports a backlog regularly, until stopped. */
export function reportBacklog(
  survey: () => Promise<Survey | undefined>,
  report: (facts: Readonly<Record<string, number>>) => void,
): () => void {
  const check = async (): Promise<void> => {
    const seen = await survey()
    const facts = seen && backlogOf(seen)
    if (facts !== undefined) report(facts)
  }
  const timer = setInterval(() => void check(), limits.reportMs).unref()
  return () => clearInterval(timer)
}
