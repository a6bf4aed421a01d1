import { type Answer, later, refuse, stored } from './answer.ts'
import type { Event } from './event.ts'
import type { Gate } from './gate.ts'
import { limits } from './limits.ts'
import { allOf, type Outcome, type Result, type Sink } from './sinks/sink.ts'

export interface GroupCommitOptions {
  readonly sink: Sink
  readonly gate: Gate
  /** Told about every batch when it is through. */
  readonly done: (events: readonly Event[], result: Result, ms: number) => void
}

export interface GroupCommit {
  /** Answers when the sink has the event for good, or will not have it. Never rejects. */
  readonly commit: (event: Event) => Promise<Answer>
  /** Events that have no answer yet. */
  readonly waiting: () => number
  /** Answers when nothing is under way any more. */
  readonly idle: () => Promise<void>
}

interface Waiting {
  readonly event: Event
  readonly answer: (answer: Answer) => void
}

/**
 * Events that arrive together go to the sink together, while their requests wait. The first goes at
 * once; those that come while a batch is under way make up the next.
 */
export function openGroupCommit({ sink, gate, done }: GroupCommitOptions): GroupCommit {
  const { group } = limits
  let queue: Waiting[] = []
  let underWay = 0
  let busy = 0
  let soon = false
  let wait: NodeJS.Timeout | undefined
  const whenIdle: (() => void)[] = []

  const send = async (batch: readonly Waiting[]): Promise<void> => {
    const events = batch.map(({ event }) => event)
    const start = performance.now()
    const startedAt = gate.now()
    // A sink that throws has a fault of its own; it is none of the senders', who wait for us.
    const result = await sink.store(events).catch(() => allOf(events, 'later', sinkFault))
    const { outcomes, trouble } = result
    if (trouble !== undefined) gate.failed(trouble)
    else gate.succeeded(startedAt)
    for (const [index, { answer }] of batch.entries()) answer(answerTo(outcomes[index] ?? 'later'))
    done(events, result, performance.now() - start)
  }

  const answerTo = (outcome: Outcome): Answer => {
    if (outcome === 'stored') return stored
    return outcome === 'refused' ? refused : away(gate)
  }

  const flush = (): void => {
    soon = false
    clearTimeout(wait)
    wait = undefined
    if (gate.waitMs() > 0) for (const { answer } of queue.splice(0)) answer(away(gate))
    while (queue.length > 0 && underWay < sink.inFlight) {
      const batch = takeBatch()
      underWay += 1
      busy += batch.length
      void send(batch).finally(() => {
        underWay -= 1
        busy -= batch.length
        flush()
      })
    }
    if (underWay === 0 && queue.length === 0) {
      for (const resolve of whenIdle.splice(0)) resolve()
    }
  }

  const takeBatch = (): readonly Waiting[] => {
    let size = 0
    const end = queue.findIndex(({ event }, index) => {
      size += event.bytes.length
      return index > 0 && (index >= group.events || size > group.bytes)
    })
    const batch = end === -1 ? queue : queue.slice(0, end)
    queue = end === -1 ? [] : queue.slice(end)
    return batch
  }

  /** At the end of this turn, so that all that was read in it goes along; or a little later. */
  const schedule = (): void => {
    if (underWay >= sink.inFlight) return
    if (underWay > 0 && queue.length < group.enough) {
      wait ??= setTimeout(flush, group.waitMs)
    } else if (!soon) {
      soon = true
      setImmediate(flush)
    }
  }

  return {
    commit: (event) => {
      if (gate.waitMs() > 0) return Promise.resolve(away(gate))
      if (queue.length + busy >= limits.waiting) return Promise.resolve(full)
      return new Promise((answer) => {
        queue.push({ event, answer })
        schedule()
      })
    },
    waiting: () => queue.length + busy,
    idle: () =>
      new Promise((resolve) => {
        whenIdle.push(resolve)
        flush()
      }),
  }
}

const refused = refuse('sink', 'the sink does not take this event')
const sinkFault = { cause: 'a fault of the sink' }
const full = later('busy', 'too many events are waiting', 1000)

function away(gate: Gate): Answer {
  return later('away', 'the sink is away; keep the event and come again', gate.waitMs())
}
