import type { ConsumerInfo } from '@nats-io/jetstream'

import type { Session } from './broker.ts'
import { sinksOf } from './interest.ts'
import type { Names } from './names.ts'

/** How the buffer stands, as the servers tell it. */
export interface Survey {
  readonly messages: number
  readonly bytes: number
  readonly mostBytes: number
  /** Seconds; 0 when there is nothing. */
  readonly oldestAge: number
  readonly firstSequence: number
  readonly sinks: readonly Standing[]
}

export interface Standing {
  readonly sink: string
  /** Never handed out. */
  readonly waiting: number
  /** Handed out, and not confirmed. */
  readonly underWay: number
  readonly redelivered: number
  readonly deadLetters: number
  /** All up to here is confirmed. */
  readonly floor: number
}

/** Rejects where anything is missing: half a survey would be a wrong one. */
export async function surveyOf(session: Session, names: Names, now: number): Promise<Survey> {
  const { manager } = session
  // By name and one by one: a list of all leaves out whoever does not answer in time.
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
    // What everybody has, and is there all the same, does not wait: see sweep.ts.
    oldestAge: isWaiting ? Math.max(0, now - Date.parse(state.first_ts)) / 1000 : 0,
    firstSequence: state.first_seq,
    sinks: sinks.map((info) => standingOf(info, deadBySubject[names.dead(info.name)] ?? 0)),
  }
}

function standingOf(info: ConsumerInfo, deadLetters: number): Standing {
  return {
    sink: info.name,
    waiting: info.num_pending,
    underWay: info.num_ack_pending,
    redelivered: info.num_redelivered,
    deadLetters,
    floor: info.ack_floor.stream_seq,
  }
}
