import type { Event } from 'runmat-telemetry-common/events/event'
import { makeLog } from 'runmat-telemetry-common/log'
import type { Result } from 'runmat-telemetry-common/sink'

import type { Reason } from './intake/answer.ts'

const summaries = 20
const frameCount = 8
const noticeMs = 10_000

/** What operators read. No address, key, id or body gets here: only what is listed below. */
export interface WorkerLog {
  readonly listening: (port: number, sink: string) => void
  readonly notReady: (trouble: string) => void
  readonly note: (message: string) => void
  readonly ignored: (variables: readonly string[], sink: string) => void
  readonly batch: (events: readonly Event[], result: Result, ms: number) => void
  /** The buffer's backlog. */
  readonly buffer: (facts: Readonly<Record<string, number>>) => void
  /** What events lost within an hour, by field. */
  readonly dropped: (counts: Readonly<Record<string, number>>) => void
  /** Counts refusals and logs them together, so that a flood can't fill the disk. */
  readonly refused: (reason: Reason, field?: string) => void
  readonly fault: (error: unknown) => void
  readonly close: () => void
}

export interface LogDestination {
  readonly write: (line: string) => unknown
}

export function openLog(destination: LogDestination): WorkerLog {
  const log = makeLog((line) => void destination.write(line), Date.now)
  const refusals = new Map<string, number>()
  const flush = (): void => {
    if (refusals.size > 0) log.info('refused', { refused: Object.fromEntries(refusals) })
    refusals.clear()
  }
  const timer = setInterval(flush, noticeMs).unref()
  return {
    listening: (port, sink) => log.info('listening', { port, sink }),
    notReady: (trouble) => log.warn('not ready', { trouble }),
    note: (message) => log.info(message),
    ignored: (variables, sink) => log.warn('ignored', { variables, sink }),
    batch: (events, { outcomes, trouble }, ms) => {
      const count = (outcome: string) => outcomes.filter((one) => one === outcome).length
      const facts = {
        ms: Math.round(ms),
        stored: count('stored'),
        ...(outcomes.includes('repeated') && { repeated: count('repeated') }),
        ...(outcomes.includes('erased') && { erased: count('erased') }),
        ...(trouble && { later: count('later'), trouble: trouble.cause }),
        ...(outcomes.includes('refused') && { refused: count('refused') }),
        events: tally(events),
      }
      if (trouble === undefined) log.info('batch', facts)
      else log.warn('batch', facts)
    },
    buffer: (facts) => log.warn('buffer', facts),
    dropped: (dropped) => log.warn('fields dropped', { dropped }),
    refused: (reason, field) => {
      const name = field === undefined ? reason : `${reason} ${field}`
      refusals.set(name, (refusals.get(name) ?? 0) + 1)
    },
    fault: (error) => log.error('fault', placeOf(error)),
    close: () => {
      clearInterval(timer)
      flush()
    },
  }
}

/** Logs where an error happened but not its message, which may quote what was sent to us. */
function placeOf(error: unknown): { readonly name: string; readonly at: readonly string[] } {
  const { name, stack = '' } = error instanceof Error ? error : new Error()
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  return { name, at: frames.slice(0, frameCount).map((frame) => frame.trim()) }
}

/** Counts each summary. Summaries use only the contract's words, so there are few. */
function tally(events: readonly Event[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>()
  for (const event of events) {
    const summary = event.summary.join(' • ')
    const name = counts.has(summary) || counts.size < summaries ? summary : 'others'
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return Object.fromEntries(counts)
}
