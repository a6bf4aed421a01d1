import type { Event } from '../event.ts'
import type { Gate } from '../gate.ts'
import { limits } from '../limits.ts'
import { allOf, type Result, type Sink, type Trouble } from '../sinks/sink.ts'
import type { Session } from './broker.ts'
import { type Reason, setAside } from './dead-letter.ts'
import type { Delivered } from './delivered.ts'
import { sort } from './mail.ts'
import type { Names } from './names.ts'

export interface CourierOptions {
  readonly sink: Sink
  readonly gate: Gate
  readonly names: Names
  readonly ackWaitMs: number
  readonly counts: DeliveryCounts
  /** Told about every batch when it is through. */
  readonly done: (events: readonly Event[], result: Result, ms: number) => void
}

export interface DeliveryCounts {
  delivered: number
  redelivered: number
  setAside: number
}

/** Settles when each of the messages has been answered for. Never rejects. */
export type Courier = (session: Session, messages: readonly Delivered[]) => Promise<void>

interface Dead {
  readonly message: Delivered
  readonly reason: Reason
}

/** So many in one batch of which nothing is stored speak of the sink and not of themselves. */
export const suspicious = 16
const refusesAll: Trouble = { cause: 'the sink refuses all that it is given' }
const falls: Trouble = { cause: 'the sink has a fault' }

/**
 * Brings one batch to the sink. An event is confirmed when the sink has it, handed back when it has
 * not, and set aside when the sink refuses it alone.
 */
export function openCourier(options: CourierOptions): Courier {
  const { sink, gate, names, counts } = options
  let doubtful = false

  const bury = async (session: Session, messages: readonly Dead[]): Promise<void> => {
    const kept = await setAside(session.publisher, names, sink.name, messages)
    for (const [index, { message }] of messages.entries()) {
      if (kept[index] === true) {
        counts.setAside += 1
        message.ack()
      } else message.nak(backOff(message))
    }
  }

  const store = async (events: readonly Event[]): Promise<Result> => {
    const startedAt = gate.now()
    const result = await sink.store(events).catch(() => allOf(events, 'later', falls))
    const { outcomes, trouble } = judged(result, doubtful)
    doubtful = trouble === refusesAll
    if (trouble !== undefined) gate.failed(trouble)
    else gate.succeeded(startedAt)
    return { outcomes, ...(trouble && { trouble }) }
  }

  return async (session, messages) => {
    const start = performance.now()
    const beat = setInterval(() => {
      for (const message of messages) message.working()
    }, options.ackWaitMs / 3)
    try {
      const { mail, strange, foreign } = sort(messages, names, sink.name)
      counts.redelivered += messages.filter(({ deliveries }) => deliveries > 1).length
      for (const message of foreign) message.ack()
      const dead: Dead[] = strange.map((message) => ({ message, reason: 'contract' }))
      if (mail.length > 0) {
        const events = mail.map(({ event }) => event)
        const result = await store(events)
        for (const [index, { message }] of mail.entries()) {
          const outcome = result.outcomes[index]
          if (outcome === 'stored') message.ack()
          else if (outcome === 'refused') dead.push({ message, reason: 'refused' })
          else message.nak(Math.max(gate.waitMs(), backOff(message)))
        }
        counts.delivered += result.outcomes.filter((outcome) => outcome === 'stored').length
        options.done(events, result, performance.now() - start)
      }
      if (dead.length > 0) await bury(session, dead)
    } finally {
      clearInterval(beat)
    }
  }
}

/** A little later, and a little more so each time, and never all at once. */
function backOff({ deliveries }: Delivered): number {
  const { least, most } = limits.pauseMs
  return Math.min(least * deliveries, most) * (0.5 + Math.random() / 2)
}

/**
 * A sink that refuses everything is set up wrongly, or is not what it was. Then nothing is set
 * aside, until something that is stored beside it proves that it was the event.
 */
function judged({ outcomes, trouble }: Result, doubtful: boolean): Result {
  if (trouble !== undefined || outcomes.includes('stored')) {
    return { outcomes, ...(trouble && { trouble }) }
  }
  const isAll = doubtful || outcomes.length >= suspicious
  return isAll ? { outcomes: outcomes.map(() => 'later'), trouble: refusesAll } : { outcomes }
}
