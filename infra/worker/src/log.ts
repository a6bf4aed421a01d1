import { pino, type DestinationStream, type Logger } from 'pino'

import type { Reason } from './answer.ts'
import type { Event } from './event.ts'
import type { Result } from './sinks/sink.ts'

const summaries = 20
const frameCount = 8
const noticeMs = 10_000

/** What operators read. No address, key, id or body ever gets here: only what stands below. */
export interface Log {
  readonly listening: (port: number, sink: string) => void
  readonly note: (message: string) => void
  readonly ignored: (variables: readonly string[], sink: string) => void
  readonly batch: (events: readonly Event[], result: Result, ms: number) => void
  /** How the buffer stands. */
  readonly buffer: (standing: Readonly<Record<string, number>>) => void
  /** Told of every refusal, speaks of them together, lest a flood fills the disk. */
  readonly refused: (reason: Reason, field?: string) => void
  readonly fault: (error: unknown) => void
  readonly close: () => void
}

export function openLog(destination: DestinationStream): Log {
  // Without `base`: the host's name is nobody's business.
  const log: Logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  const refusals = new Map<string, number>()
  const speak = (): void => {
    if (refusals.size > 0) log.info({ refused: Object.fromEntries(refusals) }, 'refused')
    refusals.clear()
  }
  const timer = setInterval(speak, noticeMs).unref()
  return {
    listening: (port, sink) => log.info({ port, sink }, 'listening'),
    note: (message) => log.info(message),
    ignored: (variables, sink) => log.warn({ variables, sink }, 'ignored'),
    batch: (events, { outcomes, trouble }, ms) => {
      const count = (outcome: string) => outcomes.filter((one) => one === outcome).length
      const facts = {
        ms: Math.round(ms),
        stored: count('stored'),
        ...(trouble && { later: count('later'), trouble: trouble.cause }),
        ...(outcomes.includes('refused') && { refused: count('refused') }),
        events: tally(events),
      }
      if (trouble === undefined) log.info(facts, 'batch')
      else log.warn(facts, 'batch')
    },
    buffer: (standing) => log.warn(standing, 'buffer'),
    refused: (reason, field) => {
      const name = field === undefined ? reason : `${reason} ${field}`
      refusals.set(name, (refusals.get(name) ?? 0) + 1)
    },
    fault: (error) => log.error(placeOf(error), 'fault'),
    close: () => {
      clearInterval(timer)
      speak()
    },
  }
}

/** Where it happened, and not what it says: a message may quote what was sent to us. */
function placeOf(error: unknown): { readonly name: string; readonly at: readonly string[] } {
  const { name, stack = '' } = error instanceof Error ? error : new Error()
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  return { name, at: frames.slice(0, frameCount).map((frame) => frame.trim()) }
}

/** How often each summary is in there. They are made of the contract's words, so there are few. */
function tally(events: readonly Event[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>()
  for (const { summary } of events) {
    const name = counts.has(summary) || counts.size < summaries ? summary : 'others'
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return Object.fromEntries(counts)
}
