import type { Event } from 'runmat-telemetry-common/events/event'
import type { Outcome, Sink } from 'runmat-telemetry-common/sink'

import { storePart } from './part.ts'

/** Stores each product's events in its own sink, so that nothing is counted for another. */
export function openByProduct(own: Sink, others: ReadonlyMap<string, Sink>): Sink {
  if (others.size === 0) return own
  const sinks = [own, ...others.values()]
  return {
    name: own.name,
    inFlight: own.inFlight,
    ...(own.gathering && { gathering: own.gathering }),
    store: async (events) => {
      const parts = new Map<Sink, { readonly index: number; readonly event: Event }[]>()
      for (const [index, event] of events.entries()) {
        const sink = others.get(event.product) ?? own
        const part = parts.get(sink)
        if (part === undefined) parts.set(sink, [{ index, event }])
        else part.push({ index, event })
      }
      const outcomes: Outcome[] = events.map(() => 'later')
      const results = await Promise.all(
        [...parts].map(async ([sink, part]) => {
          const result = await sink.store(part.map(({ event }) => event))
          for (const [at, { index }] of part.entries()) {
            outcomes[index] = result.outcomes[at] ?? 'later'
          }
          return result
        }),
      )
      const trouble = results.find((result) => result.trouble !== undefined)?.trouble
      return { outcomes, ...(trouble && { trouble }) }
    },
    probe: async () => (await Promise.all(sinks.map((sink) => sink.probe()))).find(Boolean),
    ...(own.erase && {
      erase: async (ids) =>
        (await Promise.all(sinks.map(async (sink) => await sink.erase?.(ids)))).find(Boolean),
    }),
    close: async () => void (await Promise.all(sinks.map((sink) => sink.close()))),
  }
}

/** A sink that gets no other product's events. They are done with, as far as it goes. */
export function openForOne(product: string, sink: Sink): Sink {
  const isItsOwn = (event: Event): boolean => event.product === product
  return { ...sink, store: (events) => storePart(sink, events, isItsOwn, 'stored') }
}
