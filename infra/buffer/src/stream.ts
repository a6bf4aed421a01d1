import { type ConsumerConfig, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream'
import { nanos, type ServerInfo } from '@nats-io/transport-node'

import { namesOf } from './names.ts'
import type { BufferSettings } from './settings.ts'
import { BufferFault } from './trouble.ts'

const dayMs = 24 * 60 * 60_000
/** The dead letters' share of the stream's size. Operators read them, so it needn't be large. */
const deadShare = 1 / 16
const leastDeadBytes = 64 * 1024

/** JetStream's error codes for a missing stream and a missing consumer. */
const streamNotFound = 10_059
const consumerNotFound = 10_014

/**
 * An event stays until every consumer has acknowledged it or it is too old. With no consumer, the
 * server would confirm an event and drop it, so nothing is published before there is one: see
 * interest.ts. A full stream refuses new events and keeps the old ones.
 */
export function streamsOf(settings: BufferSettings, replicas: number): readonly StreamConfig[] {
  const { stream, maxBytes, maxAgeMs, duplicateMs } = settings
  const names = namesOf(stream)
  const common = {
    storage: 'file',
    discard: 'new',
    num_replicas: replicas,
    duplicate_window: nanos(duplicateMs),
    max_msgs: -1,
    max_msgs_per_subject: -1,
    max_msg_size: -1,
  }
  return [
    {
      ...common,
      retention: 'interest',
      name: stream,
      subjects: [names.events, names.again('*')],
      max_bytes: maxBytes,
      max_age: nanos(maxAgeMs),
    },
    {
      ...common,
      retention: 'limits',
      name: names.deadStream,
      subjects: [names.dead('*')],
      max_bytes: Math.max(leastDeadBytes, Math.floor(maxBytes * deadShare)),
      max_age: nanos(Math.max(maxAgeMs, 30 * dayMs)),
    },
  ] as StreamConfig[]
}

/** Tombstones are kept for good, so only a full stream ends them: then no request to erase gets a 204. */
export function erasedStreamOf(settings: BufferSettings, replicas: number): StreamConfig {
  const [, dead] = streamsOf(settings, replicas)
  const { erasedStream, erased } = namesOf(settings.stream)
  return { ...dead, name: erasedStream, subjects: [erased], max_age: 0 } as StreamConfig
}

/** Three in a cluster of three or more servers, unless the operator says otherwise. */
export function replicasOn(settings: BufferSettings, info: ServerInfo | undefined): number {
  const known = info?.cluster === undefined ? 1 : (info.connect_urls?.length ?? 1)
  const servers = Math.max(known, settings.servers.length)
  return settings.replicas ?? (servers >= 3 ? 3 : 1)
}

/** Creates the streams, or checks their settings. Existing streams are never changed. */
export async function ensureStreams(
  manager: JetStreamManager,
  settings: BufferSettings,
  info: ServerInfo | undefined,
): Promise<void> {
  const replicas = replicasOn(settings, info)
  for (const wanted of [...streamsOf(settings, replicas), erasedStreamOf(settings, replicas)]) {
    const found = await manager.streams.info(wanted.name).catch(orMissing(streamNotFound))
    const { config } = found ?? (await manager.streams.add(wanted))
    // More replicas than our default are no fault if the operator didn't set a number.
    const isSafer = settings.replicas === undefined && config.num_replicas > wanted.num_replicas
    const difference = differenceOf(
      isSafer ? { ...wanted, num_replicas: undefined } : wanted,
      config,
    )
    if (difference !== undefined) throw new BufferFault(`stream ${wanted.name} has ${difference}`)
  }
}

export function consumerOf(sink: string, { ackWaitMs }: BufferSettings): ConsumerConfig {
  return {
    durable_name: sink,
    deliver_policy: 'all',
    ack_policy: 'explicit',
    ack_wait: nanos(ackWaitMs),
    max_ack_pending: 20_000,
    // The server never gives up on a message; we make it a dead letter when the sink refuses it.
    max_deliver: -1,
  } as ConsumerConfig
}

/** The same for one sink's consumer. */
export async function ensureConsumer(
  manager: JetStreamManager,
  settings: BufferSettings,
  sink: string,
): Promise<void> {
  const wanted = consumerOf(sink, settings)
  const found = await manager.consumers
    .info(settings.stream, sink)
    .catch(orMissing(consumerNotFound))
  const { config } = found ?? (await manager.consumers.add(settings.stream, wanted))
  const difference = differenceOf(wanted, config)
  if (difference !== undefined) throw new BufferFault(`consumer ${sink} has ${difference}`)
}

/** Describes the first field that differs, with both values. */
export function differenceOf(wanted: object, found: object): string | undefined {
  for (const [name, value] of Object.entries(wanted)) {
    const other = (found as Record<string, unknown>)[name]
    if (value === undefined || JSON.stringify(other) === JSON.stringify(value)) continue
    return `${name} ${JSON.stringify(other)}, and the settings say ${JSON.stringify(value)}`
  }
  return undefined
}

function orMissing(code: number): (error: { readonly code?: unknown }) => undefined {
  return (error) => {
    if (error.code !== code) throw error
    return undefined
  }
}
