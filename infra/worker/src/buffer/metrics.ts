import { family } from '../metrics.ts'
import type { Broker } from './broker.ts'
import type { DeliveryCounts } from './courier.ts'
import type { Names } from './names.ts'
import { type Survey, surveyOf } from './survey.ts'

/** What one sink of a process that delivers has seen. */
export interface SinkFigures {
  readonly name: string
  readonly isUp: boolean
  readonly counts: DeliveryCounts
}

const freshMs = 1000

/** Asks the servers when somebody asks us, and not more than once a second. */
export function openSurveys(broker: Broker, names: Names): () => Promise<Survey | undefined> {
  let at = Number.NEGATIVE_INFINITY
  let last: Promise<Survey | undefined> = Promise.resolve(undefined)
  return () => {
    const session = broker.session()
    if (session === undefined) return Promise.resolve(undefined)
    const now = Date.now()
    if (now - at >= freshMs) {
      at = now
      last = surveyOf(session, names, now).catch(() => undefined)
    }
    return last
  }
}

/** In the text format of Prometheus. Without a survey only what this process knows by itself. */
export function renderBuffer(
  isUp: boolean,
  survey: Survey | undefined,
  sinks: readonly SinkFigures[] = [],
): string {
  const one = (name: string, help: string, value: number): string[] => [
    ...family(name, 'gauge', help),
    `telemetry_${name} ${value}`,
  ]
  const each = <Item>(
    [name, type, help]: readonly [string, string, string],
    items: readonly Item[],
    sink: (item: Item) => string,
    value: (item: Item) => number,
  ): string[] =>
    items.length === 0
      ? []
      : [
          ...family(name, type, help),
          ...items.map((item) => `telemetry_${name}{sink="${sink(item)}"} ${value(item)}`),
        ]
  const nameOf = ({ name }: SinkFigures): string => name
  const seen = (name: string, help: string, value: (sink: SinkFigures) => number): string[] =>
    each([name, 'counter', help], sinks, nameOf, value)
  const standing = (name: string, help: string, value: (one: Survey['sinks'][0]) => number) =>
    each([name, 'gauge', help], survey?.sinks ?? [], ({ sink }) => sink, value)
  const whole =
    survey === undefined
      ? []
      : [
          ...one('buffer_events', 'Events in the stream.', survey.messages),
          ...one('buffer_bytes', 'What they take on each server.', survey.bytes),
          ...one('buffer_max_bytes', 'What they may take.', survey.mostBytes),
          ...one('buffer_oldest_seconds', 'The age of the oldest.', survey.oldestAge),
        ]
  const lines = [
    ...one('buffer_up', 'Whether the buffer can be used now.', isUp ? 1 : 0),
    ...whole,
    ...standing('buffer_waiting_events', 'Never handed out.', ({ waiting }) => waiting),
    ...standing('buffer_unconfirmed_events', 'Handed out, not yet confirmed.', (s) => s.underWay),
    ...standing(
      'buffer_redelivering_events',
      'Of these, not the first time.',
      (s) => s.redelivered,
    ),
    ...standing('buffer_dead_letters', 'Set aside, to be looked at.', (s) => s.deadLetters),
    ...each(
      ['delivery_up', 'gauge', 'Whether the sink took what it was given last.'],
      sinks,
      nameOf,
      (sink) => (sink.isUp ? 1 : 0),
    ),
    ...seen('delivered_total', 'Events that the sink has confirmed.', (s) => s.counts.delivered),
    ...seen('redeliveries_total', 'Events that came again.', (s) => s.counts.redelivered),
    ...seen('dead_letters_total', 'Events that were set aside.', (s) => s.counts.setAside),
  ]
  return `${lines.join('\n')}\n`
}
