import { steadyNow } from 'runmat-telemetry-common/clock'
import { metricsWriter, plain, type Samples } from 'runmat-telemetry-common/prometheus'

import type { Broker } from './broker.ts'
import type { DeliveryCounts } from './deliver-batch.ts'
import type { Names } from './names.ts'
import { type SinkBacklog, type Survey, surveyOf } from './survey.ts'

/** What a delivering process knows about one of its sinks. */
export interface SinkFigures {
  readonly name: string
  readonly isUp: boolean
  readonly counts: DeliveryCounts
}

const freshMs = 1000
const { counter, gauge } = metricsWriter('telemetry')

/** Asks the servers on demand, at most once a second. */
export function openSurveys(broker: Broker, names: Names): () => Promise<Survey | undefined> {
  let at = Number.NEGATIVE_INFINITY
  let last: Promise<Survey | undefined> = Promise.resolve(undefined)
  return () => {
    const session = broker.session()
    if (session === undefined) return Promise.resolve(undefined)
    const now = steadyNow()
    if (now - at >= freshMs) {
      at = now
      last = surveyOf(session, names, Date.now()).catch(() => undefined)
    }
    return last
  }
}

/** Without a survey, writes only what this process knows by itself. */
export function renderBuffer(
  isUp: boolean,
  survey: Survey | undefined,
  sinks: readonly SinkFigures[] = [],
): string {
  const known = (value: (survey: Survey) => number): Samples =>
    survey === undefined ? [] : plain(value(survey))
  const backlogs = (value: (one: SinkBacklog) => number): Samples =>
    (survey?.sinks ?? []).map((one) => [`{sink="${one.sink}"}`, value(one)])
  const seen = (value: (one: SinkFigures) => number): Samples =>
    sinks.map((one) => [`{sink="${one.name}"}`, value(one)])
  return [
    gauge('buffer_up', 'Whether the buffer can be used now.', plain(isUp ? 1 : 0)),
    gauge(
      'buffer_events',
      'Events in the stream.',
      known(({ messages }) => messages),
    ),
    gauge(
      'buffer_bytes',
      'Bytes they take on each server.',
      known(({ bytes }) => bytes),
    ),
    gauge(
      'buffer_max_bytes',
      'Bytes they may take.',
      known(({ mostBytes }) => mostBytes),
    ),
    gauge(
      'buffer_oldest_seconds',
      'Age of the oldest.',
      known(({ oldestAge }) => oldestAge),
    ),
    gauge(
      'buffer_waiting_events',
      'Not delivered yet.',
      backlogs(({ waiting }) => waiting),
    ),
    gauge(
      'buffer_unconfirmed_events',
      'Delivered, not yet acknowledged.',
      backlogs(({ unacknowledged }) => unacknowledged),
    ),
    gauge(
      'buffer_redelivering_events',
      'Of these, delivered more than once.',
      backlogs(({ redelivered }) => redelivered),
    ),
    gauge(
      'buffer_dead_letters',
      'Dead letters for an operator to look at.',
      backlogs(({ deadLetters }) => deadLetters),
    ),
    gauge(
      'delivery_up',
      'Whether the sink took the last batch.',
      seen(({ isUp: up }) => (up ? 1 : 0)),
    ),
    counter(
      'delivered_total',
      'Events that the sink has confirmed.',
      seen(({ counts }) => counts.delivered),
    ),
    counter(
      'redeliveries_total',
      'Events that were delivered again.',
      seen(({ counts }) => counts.redelivered),
    ),
    counter(
      'dead_letters_total',
      'Events that became dead letters.',
      seen(({ counts }) => counts.deadLetters),
    ),
  ].join('')
}
