import type { ConsumerInfo } from '@nats-io/jetstream'

import type { StreamSession } from './broker.ts'
import { sinksOf } from './interest.ts'
import type { Names } from './names.ts'

/** The state of the buffer, as the servers report it. */
export interface Survey {
  readonly messages: number
  readonly bytes: number
  readonly mostBytes: number
  /** In seconds; 0 if nothing waits. */
  readonly oldestAge: number
  readonly firstSequence: number
  readonly sinks: readonly SinkBacklog[]
}

export interface SinkBacklog {
  readonly sink: string
  /** Not delivered yet. */
  readonly waiting: number
  /** Delivered and not acknowledged. */
  readonly unacknowledged: number
  readonly redelivered: number
  readonly deadLetters: number
  /** Everything up to here is acknowledged. */
  readonly floor: number
}

/** Rejects if anything is missing, because half a survey would mislead. */
export async function surveyOf(session: StreamSession, names: Names, now: number): Promise<Survey> {
  const { manager } = session
  // One by one, because a list leaves out consumers that don't answer in time.
  const known = await sinksOf(session, names)
  const [{ state, config }, dead, ...sinks] = await Promise.all([
    manager.streams.info(names.stream),
    manager.streams.info(names.deadStream, { subjects_filter: names.dead('*') }),
    ...known.map((sink) => manager.consumers.info(names.stream, sink)),
  ])
  const isWaiting =
    state.messages > 0 &&
    (sinks.length === 0 || sinks.some((one) => one.num_pending + one.num_ack_pending > 0))
  const deadBySubject = dead.state.subjects ?? {}
  return {
    messages: state.messages,
    bytes: state.bytes,
    mostBytes: config.max_bytes,
    // An event that every sink has acknowledged doesn't wait, even if it is still there: see sweep.ts.
    oldestAge: isWaiting ? Math.max(0, now - Date.parse(state.first_ts)) / 1000 : 0,
    firstSequence: state.first_seq,
    sinks: sinks.map((info) => backlogIn(info, deadBySubject[names.dead(info.name)] ?? 0)),
  }
}

function backlogIn(info: ConsumerInfo, deadLetters: number): SinkBacklog {
  return {
    sink: info.name,
    waiting: info.num_pending,
    unacknowledged: info.num_ack_pending,
    redelivered: info.num_redelivered,
    deadLetters,
    floor: info.ack_floor.stream_seq,
  }
}
